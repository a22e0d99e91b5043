#include "compute/kernel/isa.h"

namespace atelier {

namespace {

constexpr struct {
  Isa isa;
  std::string_view name;
} kNames[] = {{Isa::kPlain, "plain"}, {Isa::kAvx2, "avx2"}, {Isa::kAvx512, "avx512"}};

// The compiler's runtime asks cpuid and, for the wide registers, xgetbv whether the system saves them.
bool HasAvx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

bool HasAvx512() {
  return HasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16") &&
         __builtin_cpu_supports("avx512vbmi");
}

}  // namespace

bool Supports(Isa isa) {
  switch (isa) {
    case Isa::kPlain: return true;
    case Isa::kAvx2: return HasAvx2();
    case Isa::kAvx512: return HasAvx512();
  }
  return false;
}

Isa BestIsa() {
  if (Supports(Isa::kAvx512)) return Isa::kAvx512;
  return Supports(Isa::kAvx2) ? Isa::kAvx2 : Isa::kPlain;
}

std::string_view IsaName(Isa isa) {
  for (const auto& entry : kNames) {
    if (entry.isa == isa) return entry.name;
  }
  return {};
}

std::optional<Isa> ParseIsa(std::string_view name) {
  for (const auto& entry : kNames) {
    if (entry.name == name) return entry.isa;
  }
  return std::nullopt;
}

}  // namespace atelier
