// How a parsed GGUF file answers.
#include "model/container/gguf.h"

#include <cstring>
#include <limits>
#include <utility>

namespace atelier {
namespace {

// Any integer value as int64, if it fits.
std::optional<int64_t> AsInteger(const GgufValue& value) {
  if (const auto* u = std::get_if<uint64_t>(&value.value)) {
    if (*u <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return static_cast<int64_t>(*u);
  } else if (const auto* i = std::get_if<int64_t>(&value.value)) {
    return *i;
  }
  return std::nullopt;
}

template <class T>
T LoadElement(std::span<const std::byte> bytes, size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

template <class T>
std::vector<int64_t> Widen(std::span<const std::byte> bytes, uint64_t count) {
  std::vector<int64_t> out(static_cast<size_t>(count));
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<int64_t>(LoadElement<T>(bytes, i));
  return out;
}

// nothing for element types that are no integers.
std::optional<std::vector<int64_t>> WidenIntegers(const GgufValue& value, std::span<const std::byte> bytes) {
  switch (value.element_type) {
    case GgufType::kU8: return Widen<uint8_t>(bytes, value.count);
    case GgufType::kI8: return Widen<int8_t>(bytes, value.count);
    case GgufType::kU16: return Widen<uint16_t>(bytes, value.count);
    case GgufType::kI16: return Widen<int16_t>(bytes, value.count);
    case GgufType::kU32: return Widen<uint32_t>(bytes, value.count);
    case GgufType::kI32: return Widen<int32_t>(bytes, value.count);
    case GgufType::kU64:
    case GgufType::kI64: return Widen<int64_t>(bytes, value.count);
    default: return std::nullopt;
  }
}

std::string Describe(const GgufValue& value) {
  if (value.type != GgufType::kArray) return std::string(GgufTypeName(value.type));
  return "array of " + std::string(GgufTypeName(value.element_type));
}

}  // namespace

std::string_view GgufTypeName(GgufType type) {
  static constexpr std::string_view kNames[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                                "bool", "string", "array", "u64", "i64", "f64"};
  const auto index = static_cast<size_t>(type);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

const GgufValue* GgufFile::FindValue(std::string_view key) const {
  const auto found = value_index_.find(key);
  return found == value_index_.end() ? nullptr : &metadata_[found->second];
}

const Tensor* GgufFile::Find(std::string_view name) const {
  const auto found = tensor_index_.find(name);
  return found == tensor_index_.end() ? nullptr : &tensors_[found->second];
}

Error GgufFile::Absent(std::string_view key) const {
  return Error::Invalid(path_ + ": " + std::string(key), "the key is missing");
}

Error GgufFile::WrongType(const GgufValue& value, std::string_view want) const {
  return Error::Invalid(path_ + ": " + std::string(value.key),
                        "got " + Describe(value) + ", want " + std::string(want));
}

Result<std::string_view> GgufFile::Text(std::string_view key) const {
  const GgufValue* value = FindValue(key);
  if (value == nullptr) return Absent(key);
  if (const auto* text = std::get_if<std::string_view>(&value->value)) return *text;
  return WrongType(*value, "a string");
}

Result<int64_t> GgufFile::Integer(std::string_view key) const {
  const GgufValue* value = FindValue(key);
  if (value == nullptr) return Absent(key);
  if (const auto integer = AsInteger(*value)) return *integer;
  return WrongType(*value, "an integer below 2^63");
}

Result<double> GgufFile::Number(std::string_view key) const {
  const GgufValue* value = FindValue(key);
  if (value == nullptr) return Absent(key);
  if (const auto* real = std::get_if<double>(&value->value)) return *real;
  if (const auto integer = AsInteger(*value)) return static_cast<double>(*integer);
  return WrongType(*value, "a number");
}

Result<bool> GgufFile::Flag(std::string_view key) const {
  const GgufValue* value = FindValue(key);
  if (value == nullptr) return Absent(key);
  if (const auto* flag = std::get_if<bool>(&value->value)) return *flag;
  return WrongType(*value, "a bool");
}

Result<std::span<const std::string_view>> GgufFile::Texts(std::string_view key) const {
  const GgufValue* value = FindValue(key);
  if (value == nullptr) return Absent(key);
  if (const auto* texts = std::get_if<std::vector<std::string_view>>(&value->value)) {
    return std::span<const std::string_view>(*texts);
  }
  return WrongType(*value, "an array of strings");
}

Result<std::vector<int64_t>> GgufFile::Integers(std::string_view key) const {
  const GgufValue* value = FindValue(key);
  if (value == nullptr) return Absent(key);
  if (const auto* bytes = std::get_if<std::span<const std::byte>>(&value->value)) {
    if (auto integers = WidenIntegers(*value, *bytes)) return *std::move(integers);
  }
  return WrongType(*value, "an array of integers");
}

Result<std::vector<float>> GgufFile::Numbers(std::string_view key) const {
  const GgufValue* value = FindValue(key);
  if (value == nullptr) return Absent(key);
  const auto* bytes = std::get_if<std::span<const std::byte>>(&value->value);
  if (bytes == nullptr) return WrongType(*value, "an array of numbers");
  std::vector<float> out(static_cast<size_t>(value->count));
  if (value->element_type == GgufType::kF32) {
    if (!out.empty()) std::memcpy(out.data(), bytes->data(), bytes->size());
  } else if (value->element_type == GgufType::kF64) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(LoadElement<double>(*bytes, i));
  } else if (const auto integers = WidenIntegers(*value, *bytes)) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>((*integers)[i]);
  } else {
    return WrongType(*value, "an array of numbers");
  }
  return out;
}

Result<std::vector<bool>> GgufFile::Flags(std::string_view key) const {
  const GgufValue* value = FindValue(key);
  if (value == nullptr) return Absent(key);
  const auto* bytes = std::get_if<std::span<const std::byte>>(&value->value);
  if (bytes == nullptr || value->element_type != GgufType::kBool) return WrongType(*value, "an array of bools");
  std::vector<bool> out(static_cast<size_t>(value->count));
  for (size_t i = 0; i < out.size(); ++i) out[i] = (*bytes)[i] != std::byte{0};
  return out;
}

Result<std::string_view> GgufFile::TextOr(std::string_view key, std::string_view fallback) const {
  return Has(key) ? Text(key) : fallback;
}
Result<int64_t> GgufFile::IntegerOr(std::string_view key, int64_t fallback) const {
  return Has(key) ? Integer(key) : fallback;
}
Result<double> GgufFile::NumberOr(std::string_view key, double fallback) const {
  return Has(key) ? Number(key) : fallback;
}
Result<bool> GgufFile::FlagOr(std::string_view key, bool fallback) const { return Has(key) ? Flag(key) : fallback; }

}  // namespace atelier
