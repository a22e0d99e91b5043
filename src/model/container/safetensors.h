// safetensors: a JSON header and raw tensors.   [huggingface/safetensors, README "Format"]
//
//   file     u64 header_bytes (little-endian, at most 100 MB) | header | data
//   header   {"__metadata__": {string: string}, NAME: {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]}}
//
// Offsets count from the end of the header. Checked: every range lies within the file, is what dtype and shape
// need, and overlaps no other; no bytes are left over.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/io/mapped_file.h"
#include "base/result.h"
#include "model/container/tensor_file.h"

namespace atelier {

class SafetensorsFile final : public TensorFile {
 public:
  static Result<std::unique_ptr<SafetensorsFile>> Open(const std::string& path);
  // Reads `bytes`, which must outlive the result; `path` is for error messages.
  static Result<std::unique_ptr<SafetensorsFile>> Parse(std::span<const std::byte> bytes, const std::string& path);

  // "__metadata__", in the order of the file.
  std::span<const std::pair<std::string, std::string>> metadata() const { return metadata_; }

  std::span<const Tensor> tensors() const override { return tensors_; }
  const Tensor* Find(std::string_view name) const override;
  const std::string& path() const override { return path_; }

 private:
  friend class SafetensorsReader;
  SafetensorsFile() = default;

  std::string path_;
  MappedFile file_;
  std::vector<std::pair<std::string, std::string>> metadata_;
  std::deque<std::string> names_;
  std::vector<Tensor> tensors_;
  std::unordered_map<std::string_view, size_t> index_;
};

// A Hugging Face model folder: model.safetensors, or the shards that model.safetensors.index.json lists, and the
// json files beside them.
class HfFolder final : public TensorFile {
 public:
  // Errors: kNotFound where there are no safetensors; kInvalid where the index names a shard that is not a plain
  // file name, a tensor that its shard lacks, or two shards hold one name.
  static Result<std::unique_ptr<HfFolder>> Open(const std::string& folder);

  // The text of a file in the folder ("config.json", "tokenizer.json", "1_Pooling/config.json"). kNotFound if it
  // is missing; at most 256 MB.
  Result<std::string> ReadText(std::string_view name) const;
  bool Contains(std::string_view name) const;

  std::span<const Tensor> tensors() const override { return tensors_; }
  const Tensor* Find(std::string_view name) const override;
  const std::string& path() const override { return path_; }

 private:
  HfFolder() = default;

  std::string path_;
  std::vector<std::unique_ptr<SafetensorsFile>> shards_;
  std::vector<Tensor> tensors_;
  std::unordered_map<std::string_view, size_t> index_;
};

}  // namespace atelier
