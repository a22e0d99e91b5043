#include "model/container/safetensors.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/io/files.h"
#include "base/text/json.h"
#include "model/container/byte_reader.h"

namespace atelier {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit
constexpr int64_t kMaxDimensions = 8;

// The names that the two worlds give the same format.
const QuantFormat* FormatOf(std::string_view dtype) {
  if (const QuantFormat* format = FindQuant(dtype); format != nullptr && format->block_elements == 1) return format;
  return nullptr;
}

}  // namespace

class SafetensorsReader {
 public:
  SafetensorsReader(std::span<const std::byte> bytes, SafetensorsFile& file) : reader_(bytes), file_(file) {}

  Result<void> Read() {
    TRY(const auto header_bytes, reader_.Read<uint64_t>());
    if (header_bytes > kMaxHeaderBytes || header_bytes > reader_.left()) {
      return Error::Invalid("header length", "got " + std::to_string(header_bytes) + ", want at most " +
                                                 std::to_string(std::min<uint64_t>(kMaxHeaderBytes, reader_.left())));
    }
    TRY(const auto text, reader_.TakeText(header_bytes));
    auto header = Json::Parse(text);
    if (!header.ok()) return Within("header", std::move(header).error());
    if (!header->is_object()) {
      return Error::Invalid("header", "got " + std::string(header->TypeName()) + ", want an object");
    }
    TRY(data_, reader_.Take(reader_.left()));
    file_.tensors_.reserve(static_cast<size_t>(header->size()));
    for (const JsonMember& member : header->members()) {
      auto read = member.key == "__metadata__" ? ReadMetadata(member.value) : ReadTensor(member.key, member.value);
      if (!read.ok()) return Within(member.key, std::move(read).error());
    }
    return CheckCover();
  }

 private:
  Result<void> ReadMetadata(const Json& metadata) {
    if (!metadata.is_object()) return Error::Invalid("", "want an object of strings");
    for (const JsonMember& member : metadata.members()) {
      if (!member.value.is_string()) return Error::Invalid(member.key, "want a string");
      file_.metadata_.emplace_back(member.key, member.value.AsString());
    }
    return {};
  }

  Result<void> ReadTensor(const std::string& name, const Json& info) {
    if (!info.is_object()) return Error::Invalid("", "got " + std::string(info.TypeName()) + ", want an object");
    Tensor tensor;
    const Json& dtype = info["dtype"];
    if (!dtype.is_string()) return Error::Invalid("dtype", "want a string");
    tensor.format = FormatOf(dtype.AsString());
    if (tensor.format == nullptr) {
      return Error::Unsupported("dtype", "got \"" + dtype.AsString() + "\", which no known format has");
    }
    TRY_VOID(ReadShape(info["shape"], tensor));
    TRY_VOID(ReadRange(info["data_offsets"], tensor));
    tensor.name = file_.names_.emplace_back(name);
    file_.index_.emplace(tensor.name, file_.tensors_.size());
    file_.tensors_.push_back(std::move(tensor));
    return {};
  }

  static Result<void> ReadShape(const Json& shape, Tensor& tensor) {
    if (!shape.is_array() || shape.size() > kMaxDimensions) {
      return Error::Invalid("shape", "want an array of at most " + std::to_string(kMaxDimensions) + " dimensions");
    }
    for (const Json& dimension : shape.items()) {
      const auto value = dimension.is_number() ? dimension.AsInt64() : std::nullopt;
      if (!value || *value < 0) return Error::Invalid("shape", "want integers from 0");
      tensor.shape.push_back(*value);
    }
    return {};
  }

  Result<void> ReadRange(const Json& range, Tensor& tensor) {
    if (!range.is_array() || range.size() != 2 || !range[0].is_number() || !range[1].is_number()) {
      return Error::Invalid("data_offsets", "want two integers");
    }
    const auto begin = range[0].AsUint64();
    const auto end = range[1].AsUint64();
    if (!begin || !end || *begin > *end || *end > data_.size()) {
      return Error::Invalid("data_offsets", "got [" + range[0].Dump() + ", " + range[1].Dump() +
                                                "], want a range within the " + std::to_string(data_.size()) +
                                                " bytes of data: the file is truncated or damaged");
    }
    TRY(const int64_t size, TensorBytes(*tensor.format, tensor.shape));
    if (*end - *begin != static_cast<uint64_t>(size)) {
      return Error::Invalid("data_offsets", "got " + std::to_string(*end - *begin) + " bytes, want the " +
                                                std::to_string(size) + " of " + std::string(tensor.format->name) + " " +
                                                tensor.ShapeText());
    }
    tensor.bytes = data_.subspan(static_cast<size_t>(*begin), static_cast<size_t>(size));
    return {};
  }

  // The tensors, in order of their bytes, cover the data exactly: no overlap, no gap, nothing left over.
  Result<void> CheckCover() const {
    std::vector<const Tensor*> order;
    for (const Tensor& tensor : file_.tensors_) order.push_back(&tensor);
    std::ranges::sort(order, {}, [](const Tensor* t) { return t->bytes.data(); });
    const std::byte* end = data_.data();
    for (const Tensor* tensor : order) {
      if (tensor->bytes.empty()) continue;
      if (tensor->bytes.data() != end) {
        return Error::Invalid(std::string(tensor->name), tensor->bytes.data() < end
                                                             ? "its bytes overlap those of another tensor"
                                                             : "bytes before it belong to no tensor");
      }
      end = tensor->bytes.data() + tensor->bytes.size();
    }
    if (end != data_.data() + data_.size()) {
      return Error::Invalid("data", std::to_string(data_.data() + data_.size() - end) + " bytes belong to no tensor");
    }
    return {};
  }

  FileBytesReader reader_;
  SafetensorsFile& file_;
  std::span<const std::byte> data_;
};

Result<std::unique_ptr<SafetensorsFile>> SafetensorsFile::Parse(std::span<const std::byte> bytes,
                                                                const std::string& path) {
  std::unique_ptr<SafetensorsFile> file(new SafetensorsFile());
  file->path_ = path;
  auto read = SafetensorsReader(bytes, *file).Read();
  if (!read.ok()) return Within(path, std::move(read).error());
  return file;
}

Result<std::unique_ptr<SafetensorsFile>> SafetensorsFile::Open(const std::string& path) {
  TRY(auto mapped, MappedFile::Open(path));
  TRY(auto file, Parse(mapped.bytes(), path));
  file->file_ = std::move(mapped);
  return file;
}

const Tensor* SafetensorsFile::Find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

}  // namespace atelier
