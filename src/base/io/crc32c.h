// CRC-32C (Castagnoli): the checksum of stored bytes. It finds every burst of up to 32 flipped bits, and any other
// damage but for one in four billion; it is no protection against an attacker.      [RFC 3720, appendix B.4]
// COST: about 8 GB/s where the CPU has the instruction, 0.5 GB/s elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace atelier {

// The checksum of what `crc` stands for followed by `bytes`: a stream is summed piece by piece, beginning with 0.
uint32_t Crc32c(std::span<const std::byte> bytes, uint32_t crc = 0);
inline uint32_t Crc32c(std::string_view text, uint32_t crc = 0) { return Crc32c(std::as_bytes(std::span(text)), crc); }

namespace internal {
// The definition, a byte at a time; what the instruction must agree with.
uint32_t PlainCrc32c(std::span<const std::byte> bytes, uint32_t crc);
}  // namespace internal

}  // namespace atelier
