// Walks over one protobuf message without a schema.   [protobuf.dev/programming-guides/encoding]
//
//   message  (tag value)*     tag = varint (field << 3 | wire)
//   value    wire 0: varint   1: 8 bytes   2: varint length, bytes   5: 4 bytes
//
// Groups (wires 3 and 4) have been out of use for longer than the formats read here exist; they are refused.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/container/byte_reader.h"

namespace atelier {

enum class ProtoWire : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct ProtoField {
  uint32_t number = 0;
  ProtoWire wire = ProtoWire::kVarint;
  uint64_t varint = 0;               // kVarint
  std::span<const std::byte> bytes;  // of the other wires

  std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

class ProtoReader {
 public:
  explicit ProtoReader(std::span<const std::byte> message) : reader_(message) {}

  bool done() const { return reader_.done(); }

  Result<uint64_t> Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      TRY(const auto byte, reader_.Read<uint8_t>());
      value |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) return value;
    }
    return Error::Invalid(
        "", "protobuf: a varint at offset " + std::to_string(reader_.offset()) + " is longer than 10 bytes");
  }

  // REQUIRES: !done().
  Result<ProtoField> Next() {
    TRY(const uint64_t tag, Varint());
    ProtoField field;
    if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff) {
      return Error::Invalid("", "protobuf: got field number " + std::to_string(tag >> 3) + " at offset " +
                                    std::to_string(reader_.offset()));
    }
    field.number = static_cast<uint32_t>(tag >> 3);
    field.wire = static_cast<ProtoWire>(tag & 7);
    switch (field.wire) {
      case ProtoWire::kVarint: {
        TRY(field.varint, Varint());
        return field;
      }
      case ProtoWire::kFixed64: {
        TRY(field.bytes, reader_.Take(8));
        return field;
      }
      case ProtoWire::kFixed32: {
        TRY(field.bytes, reader_.Take(4));
        return field;
      }
      case ProtoWire::kBytes: {
        TRY(const uint64_t size, Varint());
        TRY(field.bytes, reader_.Take(size));
        return field;
      }
    }
    return Error::Invalid("", "protobuf: got wire type " + std::to_string(tag & 7) + " at offset " +
                                  std::to_string(reader_.offset()) + ": this is no protobuf message");
  }

 private:
  FileBytesReader reader_;
};

}  // namespace atelier
