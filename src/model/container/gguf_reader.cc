// How a GGUF file is read and checked.
#include <algorithm>
#include <bit>
#include <limits>

#include "model/container/byte_reader.h"
#include "model/container/gguf.h"

namespace atelier {
namespace {

constexpr uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr uint32_t kDefaultAlignment = 32;
constexpr uint32_t kMaxDimensions = 4;
constexpr uint64_t kMaxNameBytes = 256;   // names in real files stay below 64
constexpr uint64_t kMaxKeyBytes = 65535;  // the specification's limit
constexpr uint64_t kMinPairBytes = 8 + 4 + 1;
constexpr uint64_t kMinTensorBytes = 8 + 4 + 8 + 4 + 8;

// Bytes of one value; 0 for strings and arrays.
size_t SizeOf(GgufType type) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kI8:
    case GgufType::kBool: return 1;
    case GgufType::kU16:
    case GgufType::kI16: return 2;
    case GgufType::kU32:
    case GgufType::kI32:
    case GgufType::kF32: return 4;
    case GgufType::kU64:
    case GgufType::kI64:
    case GgufType::kF64: return 8;
    default: return 0;
  }
}

}  // namespace

// One walk over the header. Every count is held against the bytes that are left before anything is allocated.
class GgufReader {
 public:
  GgufReader(std::span<const std::byte> bytes, GgufFile& file) : bytes_(bytes), reader_(bytes), file_(file) {}

  Result<void> Read() {
    TRY_VOID(ReadHeader());
    TRY_VOID(ReadMetadata());
    TRY_VOID(ReadAlignment());
    TRY_VOID(ReadTensors());
    return PlaceTensors();
  }

 private:
  Result<void> ReadHeader() {
    TRY(const auto magic, reader_.Read<uint32_t>());
    if (magic != kMagic) return Error::Invalid("magic", "this is no GGUF file: it does not begin with \"GGUF\"");
    TRY(file_.version_, reader_.Read<uint32_t>());
    const uint32_t version = file_.version_;
    if ((version & 0xffff) == 0) {
      return Error::Unsupported("version", "the file is big-endian; convert it to little-endian first");
    }
    if (version == 1) return Error::Unsupported("version", "got 1, want 2 or 3; convert the file anew");
    if (version != 2 && version != 3) {
      return Error::Unsupported("version", "got " + std::to_string(version) + ", want 2 or 3");
    }
    TRY(num_tensors_, reader_.Read<uint64_t>());
    TRY(num_pairs_, reader_.Read<uint64_t>());
    TRY_VOID(CheckCount("tensor count", num_tensors_, kMinTensorBytes));
    return CheckCount("metadata count", num_pairs_, kMinPairBytes);
  }

  Result<void> CheckCount(const char* what, uint64_t count, uint64_t min_bytes) const {
    if (count <= reader_.left() / min_bytes) return {};
    return Error::Invalid(what, "got " + std::to_string(count) + ", but only " + std::to_string(reader_.left()) +
                                    " bytes are left for them");
  }

  Result<std::string_view> ReadString(uint64_t max_bytes = std::numeric_limits<uint64_t>::max()) {
    TRY(const auto size, reader_.Read<uint64_t>());
    if (size > max_bytes) {
      return Error::Invalid(
          "", "string length: got " + std::to_string(size) + ", want at most " + std::to_string(max_bytes));
    }
    return reader_.TakeText(size);
  }

  Result<void> ReadMetadata() {
    file_.metadata_.reserve(static_cast<size_t>(num_pairs_));
    for (uint64_t i = 0; i < num_pairs_; ++i) {
      auto key = ReadString(kMaxKeyBytes);
      if (!key.ok()) return Within("metadata[" + std::to_string(i) + "].key", std::move(key).error());
      GgufValue value;
      value.key = *key;
      auto read = ReadValue(value);
      if (!read.ok()) return Within(*key, std::move(read).error());
      if (!file_.value_index_.emplace(*key, file_.metadata_.size()).second) {
        return Error::Invalid(std::string(*key), "the key stands twice");
      }
      file_.metadata_.push_back(std::move(value));
    }
    return {};
  }

  Result<void> ReadValue(GgufValue& value) {
    TRY(value.type, ReadType());
    if (value.type == GgufType::kArray) return ReadArray(value);
    if (value.type == GgufType::kString) {
      TRY(value.value, ReadString());
      return {};
    }
    return ReadScalar(value);
  }

  Result<GgufType> ReadType() {
    TRY(const auto type, reader_.Read<uint32_t>());
    if (type > static_cast<uint32_t>(GgufType::kF64)) {
      return Error::Invalid("", "value type: got " + std::to_string(type) + ", want 0 to 12");
    }
    return static_cast<GgufType>(type);
  }

  template <class Wide, class T>
  Result<void> ReadAs(GgufValue& value) {
    TRY(const T number, reader_.Read<T>());
    value.value = static_cast<Wide>(number);
    return {};
  }

  Result<void> ReadScalar(GgufValue& value) {
    switch (value.type) {
      case GgufType::kU8: return ReadAs<uint64_t, uint8_t>(value);
      case GgufType::kU16: return ReadAs<uint64_t, uint16_t>(value);
      case GgufType::kU32: return ReadAs<uint64_t, uint32_t>(value);
      case GgufType::kU64: return ReadAs<uint64_t, uint64_t>(value);
      case GgufType::kI8: return ReadAs<int64_t, int8_t>(value);
      case GgufType::kI16: return ReadAs<int64_t, int16_t>(value);
      case GgufType::kI32: return ReadAs<int64_t, int32_t>(value);
      case GgufType::kI64: return ReadAs<int64_t, int64_t>(value);
      case GgufType::kF32: return ReadAs<double, float>(value);
      case GgufType::kF64: return ReadAs<double, double>(value);
      default: break;
    }
    TRY(const auto byte, reader_.Read<uint8_t>());
    if (byte > 1) return Error::Invalid("", "bool: got " + std::to_string(byte) + ", want 0 or 1");
    value.value = byte == 1;
    return {};
  }

  Result<void> ReadArray(GgufValue& value) {
    TRY(value.element_type, ReadType());
    TRY(value.count, reader_.Read<uint64_t>());
    if (value.element_type == GgufType::kArray) return Error::Unsupported("", "arrays of arrays are not supported");
    if (value.element_type == GgufType::kString) return ReadStrings(value);
    const size_t size = SizeOf(value.element_type);
    if (value.count > reader_.left() / size) {
      return Error::Invalid("", "array length: got " + std::to_string(value.count) + ", but only " +
                                    std::to_string(reader_.left()) + " bytes are left");
    }
    TRY(const auto bytes, reader_.Take(value.count * size));
    value.value = bytes;
    return {};
  }

  Result<void> ReadStrings(GgufValue& value) {
    if (value.count > reader_.left() / sizeof(uint64_t)) {
      return Error::Invalid("", "array length: got " + std::to_string(value.count) + " strings, but only " +
                                    std::to_string(reader_.left()) + " bytes are left");
    }
    std::vector<std::string_view> texts;
    texts.reserve(static_cast<size_t>(value.count));
    for (uint64_t i = 0; i < value.count; ++i) {
      auto text = ReadString();
      if (!text.ok()) return Within("[" + std::to_string(i) + "]", std::move(text).error());
      texts.push_back(*text);
    }
    value.value = std::move(texts);
    return {};
  }

  Result<void> ReadAlignment() {
    if (!file_.Has("general.alignment")) return {};
    auto alignment = file_.Integer("general.alignment");
    // 1 MB is far above any page or cache line that an alignment could serve.
    if (!alignment.ok() || *alignment < 1 || *alignment > (1 << 20) ||
        !std::has_single_bit(static_cast<uint64_t>(*alignment))) {
      return Error::Invalid("general.alignment", "want an integer power of two up to 1048576");
    }
    alignment_ = static_cast<uint64_t>(*alignment);
    return {};
  }

  Result<void> ReadTensors() {
    TRY_VOID(CheckCount("tensor count", num_tensors_, kMinTensorBytes));
    file_.tensors_.reserve(static_cast<size_t>(num_tensors_));
    offsets_.reserve(static_cast<size_t>(num_tensors_));
    for (uint64_t i = 0; i < num_tensors_; ++i) {
      auto name = ReadString(kMaxNameBytes);
      if (!name.ok()) return Within("tensors[" + std::to_string(i) + "].name", std::move(name).error());
      auto read = ReadTensor(*name);
      if (!read.ok()) return Within(*name, std::move(read).error());
      if (!file_.tensor_index_.emplace(*name, static_cast<size_t>(i)).second) {
        return Error::Invalid(std::string(*name), "the tensor name stands twice");
      }
    }
    return {};
  }

  Result<void> ReadTensor(std::string_view name) {
    Tensor tensor;
    tensor.name = name;
    TRY(const auto num_dimensions, reader_.Read<uint32_t>());
    if (num_dimensions < 1 || num_dimensions > kMaxDimensions) {
      return Error::Invalid("dimensions", "got " + std::to_string(num_dimensions) + ", want 1 to 4");
    }
    tensor.shape.resize(num_dimensions);
    for (uint32_t i = 0; i < num_dimensions; ++i) {
      TRY(const auto dimension, reader_.Read<uint64_t>());
      if (dimension > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        return Error::Invalid("shape", "dimension " + std::to_string(i) + " is beyond 2^63");
      }
      tensor.shape[num_dimensions - 1 - i] = static_cast<int64_t>(dimension);
    }
    TRY(const auto type, reader_.Read<uint32_t>());
    tensor.format = type < 1000 ? FindQuant(type) : nullptr;
    if (tensor.format == nullptr) {
      return Error::Unsupported("format", "got type id " + std::to_string(type) + ", which no known format has");
    }
    TRY(const auto offset, reader_.Read<uint64_t>());
    if (offset % alignment_ != 0) {
      return Error::Invalid("offset",
                            "got " + std::to_string(offset) + ", want a multiple of " + std::to_string(alignment_));
    }
    offsets_.push_back(offset);
    file_.tensors_.push_back(std::move(tensor));
    return {};
  }

  // Gives every tensor its bytes; then no two may share any.
  Result<void> PlaceTensors() {
    const uint64_t begin = (reader_.offset() + alignment_ - 1) / alignment_ * alignment_;
    const uint64_t available = begin <= bytes_.size() ? bytes_.size() - begin : 0;
    for (size_t i = 0; i < file_.tensors_.size(); ++i) {
      Tensor& tensor = file_.tensors_[i];
      auto size = TensorBytes(*tensor.format, tensor.shape);
      if (!size.ok()) return Within(tensor.name, std::move(size).error());
      const auto needed = static_cast<uint64_t>(*size);
      if (offsets_[i] > available || needed > available - offsets_[i]) {
        return Error::Invalid(std::string(tensor.name), "offset " + std::to_string(offsets_[i]) + " + " +
                                                            std::to_string(needed) + " bytes goes beyond the " +
                                                            std::to_string(available) +
                                                            " bytes of data: the file is truncated or damaged");
      }
      if (needed > 0) tensor.bytes = bytes_.subspan(static_cast<size_t>(begin + offsets_[i]), needed);
    }
    return CheckOverlap();
  }

  Result<void> CheckOverlap() const {
    std::vector<const Tensor*> order;
    for (const Tensor& tensor : file_.tensors_) {
      if (!tensor.bytes.empty()) order.push_back(&tensor);
    }
    std::ranges::sort(order, {}, [](const Tensor* t) { return t->bytes.data(); });
    for (size_t i = 1; i < order.size(); ++i) {
      const auto& before = order[i - 1]->bytes;
      if (before.data() + before.size() > order[i]->bytes.data()) {
        return Error::Invalid(std::string(order[i]->name),
                              "its bytes overlap those of " + std::string(order[i - 1]->name));
      }
    }
    return {};
  }

  std::span<const std::byte> bytes_;
  FileBytesReader reader_;
  GgufFile& file_;
  uint64_t num_tensors_ = 0;
  uint64_t num_pairs_ = 0;
  uint64_t alignment_ = kDefaultAlignment;
  std::vector<uint64_t> offsets_;
};

Result<std::unique_ptr<GgufFile>> GgufFile::Parse(std::span<const std::byte> bytes, const std::string& path) {
  std::unique_ptr<GgufFile> file(new GgufFile());
  file->path_ = path;
  auto read = GgufReader(bytes, *file).Read();
  if (!read.ok()) return Within(path, std::move(read).error());
  return file;
}

Result<std::unique_ptr<GgufFile>> GgufFile::Open(const std::string& path) {
  TRY(auto mapped, MappedFile::Open(path));
  TRY(auto file, Parse(mapped.bytes(), path));
  file->file_ = std::move(mapped);
  return file;
}

}  // namespace atelier
