// WeightStore: the weights of one model by their one name, whichever container they lie in. It owns the container (and
// so its mapping); bytes are read where they lie, nothing is copied at load.
//
// Names are GGUF's ("blk.3.attn_q.weight", "token_embd.weight"); an architecture gives the function that turns the
// names of a Hugging Face checkpoint into them. A weight is a matrix [rows, cols] that makes `rows` outputs from
// `cols` inputs, or a vector, [1, cols].
//
// Immutable after Create, so any number of threads may read.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "graph/graph.h"
#include "graph/ops.h"
#include "model/container/tensor_file.h"

namespace atelier {

class WeightStore {
 public:
  // The name of a container's tensor in this model; empty where the model has no use for the tensor (masks and tables
  // that some exporters write out). A name that it does not know is given back as it is, and Check will report it.
  using Rename = std::function<std::string(std::string_view)>;

  WeightStore() = default;
  // Errors: two tensors of one name.
  static Result<WeightStore> Create(std::shared_ptr<const TensorFile> file, const Rename& rename);

  // Where a weight lies: format, bytes, and `transposed` where the container holds [cols, rows]. nullptr if there is
  // none. The pointer lives as long as the store. Rows of any format: CopyRows and ReadRowsF32 (tensor_file.h).
  const Tensor* Find(std::string_view name) const;
  bool Has(std::string_view name) const { return Find(name) != nullptr; }

  // Whether everything that a graph wants is there, in its shape and in a format that we can read, and whether the
  // graph wants everything that is there: a tensor that it leaves out would mean another model than the file's, unless
  // its name begins with one of `spare` (the head of a model loaded for another task).
  // All faults in one error, a line each: "blk.3.attn_q.weight: got [576, 512], want [576, 576]".
  Result<void> Check(std::span<const WeightRef> wanted, std::span<const std::string_view> spare = {}) const;

  // The whole weight dequantised, [rows, cols]. Errors: absent, a format that cannot be read yet.
  Result<std::vector<float>> ReadF32(const WeightRef& ref) const;

  // Bytes of all weights as they lie in the container.
  int64_t num_bytes() const;
  // Number of parameters.
  int64_t num_elements() const;
  // The format that holds most of the bytes: "Q4_1".
  std::string_view main_format() const;
  // The model file or folder. REQUIRES: made by Create.
  const std::string& path() const { return file_->path(); }
  const TensorFile& file() const { return *file_; }

 private:
  std::shared_ptr<const TensorFile> file_;
  std::map<std::string, const Tensor*, std::less<>> by_name_;
};

// The weights as an architecture sees them while it records a graph: names under a prefix, and whether they exist.
//   Weights w(store);  w.Under("blk.3.")("attn_q")  names "blk.3.attn_q.weight" and, where the file has it, its bias.
class Weights {
 public:
  explicit Weights(const WeightStore& store, std::string prefix = "") : store_(&store), prefix_(std::move(prefix)) {}

  Weights Under(std::string_view prefix) const { return Weights(*store_, prefix_ + std::string(prefix)); }
  Weights Block(int64_t layer) const { return Under("blk." + std::to_string(layer) + "."); }

  // The weight, with its bias where the file has one.
  AffineName operator()(std::string_view name) const;
  // The weight and its bias; both must be there.
  AffineName WithBias(std::string_view name) const;
  // The weight alone; Check reports a bias that the file has.
  AffineName NoBias(std::string_view name) const;
  bool Has(std::string_view name) const { return store_->Has(prefix_ + std::string(name)); }
  // nullptr if there is none.
  const Tensor* Find(std::string_view name) const { return store_->Find(prefix_ + std::string(name)); }
  const WeightStore& store() const { return *store_; }

 private:
  const WeightStore* store_;
  std::string prefix_;
};

}  // namespace atelier
