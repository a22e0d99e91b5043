// Sets of tokens as bits, [ceil(V / 64)].
#pragma once

#include <cstdint>
#include <span>

namespace atelier {

inline void SetTokenBit(std::span<uint64_t> bits, int32_t token) {
  bits[static_cast<size_t>(token) / 64] |= uint64_t{1} << (token % 64);
}

}  // namespace atelier
