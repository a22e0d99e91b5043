// GGUF, the file format of GGML models, versions 2 and 3.   [ggml/docs/gguf.md]
//
//   file      magic "GGUF" | u32 version | u64 num_tensors | u64 num_pairs | pair* | tensor_info* | padding | data
//   pair      string key | u32 type | value
//   value     scalar | string | array: u32 element_type, u64 count, element*
//   string    u64 length | bytes
//   info      string name | u32 num_dimensions (1..4) | u64 dimension* (contiguous one first) | u32 format | u64 offset
//   data      begins at the next multiple of general.alignment (32 if absent); offsets count from there
//
// All little-endian; a big-endian file is refused by name. Checked: every length against what is left of the
// file, keys and tensor names for doubles, offsets for alignment, range and overlap, shapes for overflow.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/io/mapped_file.h"
#include "base/result.h"
#include "model/container/tensor_file.h"

namespace atelier {

enum class GgufType : uint32_t {
  kU8 = 0,
  kI8 = 1,
  kU16 = 2,
  kI16 = 3,
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kU64 = 10,
  kI64 = 11,
  kF64 = 12,
};
std::string_view GgufTypeName(GgufType type);

// One metadata value. Strings are views into the file and need not be UTF-8.
struct GgufValue {
  std::string_view key;
  GgufType type = GgufType::kU8;
  GgufType element_type = GgufType::kU8;  // arrays only; never kArray
  uint64_t count = 1;                     // elements; 1 for what is no array
  // Scalars: an unsigned, signed or real number, or a bool. A string: itself. Arrays: packed little-endian
  // elements, or the strings.
  std::variant<uint64_t, int64_t, double, bool, std::string_view, std::span<const std::byte>,
               std::vector<std::string_view>>
      value;
};

class GgufFile final : public TensorFile {
 public:
  static Result<std::unique_ptr<GgufFile>> Open(const std::string& path);
  // Reads `bytes`, which must outlive the result; `path` is for error messages.
  static Result<std::unique_ptr<GgufFile>> Parse(std::span<const std::byte> bytes, const std::string& path);

  uint32_t version() const { return version_; }
  // In the order of the file.
  std::span<const GgufValue> metadata() const { return metadata_; }
  // nullptr if absent.
  const GgufValue* FindValue(std::string_view key) const;
  bool Has(std::string_view key) const { return FindValue(key) != nullptr; }

  // Values by key. Errors: kInvalid naming file and key where absent or of another type ("got string, want
  // integer"). Any integer type serves as Integer if it fits; any number serves as Number.
  Result<std::string_view> Text(std::string_view key) const;
  Result<int64_t> Integer(std::string_view key) const;
  Result<double> Number(std::string_view key) const;
  Result<bool> Flag(std::string_view key) const;
  Result<std::span<const std::string_view>> Texts(std::string_view key) const;
  Result<std::vector<int64_t>> Integers(std::string_view key) const;
  Result<std::vector<float>> Numbers(std::string_view key) const;  // f64 is rounded
  Result<std::vector<bool>> Flags(std::string_view key) const;

  // The same where absence means `fallback`; a wrong type stays an error.
  Result<std::string_view> TextOr(std::string_view key, std::string_view fallback) const;
  Result<int64_t> IntegerOr(std::string_view key, int64_t fallback) const;
  Result<double> NumberOr(std::string_view key, double fallback) const;
  Result<bool> FlagOr(std::string_view key, bool fallback) const;

  std::span<const Tensor> tensors() const override { return tensors_; }
  const Tensor* Find(std::string_view name) const override;
  const std::string& path() const override { return path_; }
  const MappedFile& file() const { return file_; }

 private:
  friend class GgufReader;
  GgufFile() = default;
  Error Absent(std::string_view key) const;
  Error WrongType(const GgufValue& value, std::string_view want) const;

  std::string path_;
  MappedFile file_;
  uint32_t version_ = 0;
  std::vector<GgufValue> metadata_;
  std::vector<Tensor> tensors_;
  std::unordered_map<std::string_view, size_t> value_index_;
  std::unordered_map<std::string_view, size_t> tensor_index_;
};

}  // namespace atelier
