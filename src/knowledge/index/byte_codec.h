// How numbers and texts lie in the index's files: little-endian, variable-length integers of seven bits a byte, arrays
// that begin at multiples of eight bytes. A reader never reads beyond its bytes, whatever they say.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace atelier {

static_assert(std::endian::native == std::endian::little, "files are mapped as they are");

inline std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class PackedWriter {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  void Fixed(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
    out_ += static_cast<char>(value);
  }
  // With its length before it.
  void Text(std::string_view text) {
    Varint(text.size());
    out_ += text;
  }
  // From a multiple of 8 on.
  template <class T>
  void Array(std::span<const T> values) {
    Align();
    out_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  template <class T>
  void Array(const std::vector<T>& values) {
    Array(std::span<const T>(values));
  }
  void Align() { out_.resize((out_.size() + 7) / 8 * 8); }
  void Raw(std::string_view bytes) { out_ += bytes; }
  size_t size() const { return out_.size(); }
  const std::string& bytes() const { return out_; }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// After a read that the bytes cannot serve, ok() is false and every read gives zero or nothing.
class PackedReader {
 public:
  explicit PackedReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
    requires std::is_arithmetic_v<T>
  T Fixed() {
    T value{};
    if (Has(sizeof(T))) {
      std::memcpy(&value, bytes_.data() + at_, sizeof(T));
      at_ += sizeof(T);
    }
    return value;
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && Has(1); shift += 7) {
      const auto byte = static_cast<uint8_t>(bytes_[at_++]);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  std::string_view Text() { return AsText(Raw(Varint())); }
  std::span<const std::byte> Raw(uint64_t size) {
    if (!Has(size)) return {};
    const auto raw = bytes_.subspan(at_, static_cast<size_t>(size));
    at_ += static_cast<size_t>(size);
    return raw;
  }
  void Align() { at_ = (at_ + 7) / 8 * 8; }
  // The bytes' own address must be a multiple of 8.
  template <class T>
  std::span<const T> Array(uint64_t count) {
    Align();
    if (count > bytes_.size() / sizeof(T)) ok_ = false;
    const auto raw = Raw(ok_ ? count * sizeof(T) : 0);
    return {reinterpret_cast<const T*>(raw.data()), raw.size() / sizeof(T)};
  }
  bool ok() const { return ok_; }
  size_t at() const { return at_; }
  bool at_end() const { return at_ >= bytes_.size(); }

 private:
  bool Has(uint64_t size) {
    if (at_ > bytes_.size() || size > bytes_.size() - at_) ok_ = false;
    return ok_;
  }

  std::span<const std::byte> bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace atelier
