// ONNX, as far as exports of BERT encoders need it: the graph's nodes and its initialisers, read by a small
// protobuf reader of our own.   [onnx/onnx.proto; protobuf.dev/programming-guides/encoding]
//
// Exporters keep the names of biases, norms and embeddings but fold and rename the weights of matrix products
// ("onnx::MatMul_1234"). A MatMul whose result goes to an Add with "x.bias" multiplies by "x.weight": so the bias
// names it, and it is stored [K, N], the transpose of what x.weight is elsewhere (Tensor::transposed).
// Tensors have Hugging Face names; a common prefix of the exporter ("bert.", "auto_model.") is kept as it is.
//
// Checked: every length against what encloses it, depth of messages, data against dtype and shape, double names.
// Refused by name: tensors in other files (external data), quantised initialisers, graphs within attributes.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/io/mapped_file.h"
#include "base/result.h"
#include "model/container/tensor_file.h"

namespace atelier {

struct OnnxAttribute {
  std::string_view name;
  int64_t integer = 0;
  float real = 0;
  std::string_view text;
  std::vector<int64_t> integers;
  std::optional<Tensor> tensor;  // its name may be empty
};

struct OnnxNode {
  std::string_view name;
  std::string_view op;  // "MatMul"
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<OnnxAttribute> attributes;

  const OnnxAttribute* FindAttribute(std::string_view attribute_name) const;
};

// What the graph says of a BERT encoder: the export has no config.json beside it.
struct OnnxBertConfig {
  int64_t vocab_size = 0;
  int64_t hidden_size = 0;  // E
  int64_t num_layers = 0;
  int64_t num_heads = 0;          // H, from the Reshape before attention
  int64_t intermediate_size = 0;  // F
  int64_t max_positions = 0;
  int64_t type_vocab_size = 0;
  double layer_norm_eps = 0;

  // The same as a config.json ("model_type": "bert").
  std::string ToConfigJson() const;
};

class OnnxFile final : public TensorFile {
 public:
  static Result<std::unique_ptr<OnnxFile>> Open(const std::string& path);
  // Reads `bytes`, which must outlive the result; `path` is for error messages.
  static Result<std::unique_ptr<OnnxFile>> Parse(std::span<const std::byte> bytes, const std::string& path);

  int64_t ir_version() const { return ir_version_; }
  int64_t opset() const { return opset_; }
  std::span<const OnnxNode> nodes() const { return nodes_; }
  std::span<const std::string_view> input_names() const { return inputs_; }
  std::span<const std::string_view> output_names() const { return outputs_; }

  // Errors: kUnsupported naming what a BERT encoder has and this graph lacks.
  Result<OnnxBertConfig> BertConfig() const;

  // Initialisers (those of matrix products under the names that their biases give) and what Identity nodes call
  // them besides.
  std::span<const Tensor> tensors() const override { return tensors_; }
  const Tensor* Find(std::string_view name) const override;
  const std::string& path() const override { return path_; }

 private:
  friend class OnnxReader;
  OnnxFile() = default;

  std::string path_;
  MappedFile file_;
  int64_t ir_version_ = 0;
  int64_t opset_ = 0;
  std::vector<OnnxNode> nodes_;
  std::vector<std::string_view> inputs_;
  std::vector<std::string_view> outputs_;
  std::vector<Tensor> tensors_;
  std::deque<std::string> names_;                       // those that biases gave
  std::deque<std::vector<std::byte>> values_;           // of float_data and the like, unpacked
  std::unordered_map<std::string_view, size_t> index_;  // into tensors_
};

}  // namespace atelier
