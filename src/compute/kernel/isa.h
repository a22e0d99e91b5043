// Which instruction set the kernels use. Every kernel comes as a struct of function pointers chosen by
// an Isa and passed in; all of them return the same bits, so that choice is one of speed alone.
#pragma once

#include <optional>
#include <string_view>

namespace atelier {

enum class Isa {
  kPlain,   // portable C++
  kAvx2,    // AVX2, FMA, F16C
  kAvx512,  // AVX-512 F, BW, VL, DQ, VNNI, BF16, VBMI
};

inline constexpr Isa kFastIsas[] = {Isa::kAvx2, Isa::kAvx512};  // all but the plain one

// The best one that this processor has and the operating system saves registers for.
Isa BestIsa();

// True if kernels of `isa` can run here.
bool Supports(Isa isa);

// "plain", "avx2", "avx512".
std::string_view IsaName(Isa isa);
std::optional<Isa> ParseIsa(std::string_view name);

}  // namespace atelier
