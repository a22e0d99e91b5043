#include "compute/kernel/isa.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace atelier {

namespace {

constexpr struct {
  Isa isa;
  std::string_view name;
} kNames[] = {{Isa::kPlain, "plain"}, {Isa::kAvx2, "avx2"}, {Isa::kAvx512, "avx512"}, {Isa::kAmx, "amx"}};

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

// Tiles are 8 kB of registers a thread, which Linux saves only for processes that asked for them. g++ 12 and older
// runtimes do not know the processor's word for them, so cpuid is asked here.   [Intel SDM vol. 1, chapter 18]
bool HasAmx() {
#if defined(__x86_64__)
  if (!HasAvx512()) return false;
  constexpr unsigned kTiles = 1U << 24;
  constexpr unsigned kBytes = 1U << 25;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kTiles) == 0 || (d & kBytes) == 0) return false;
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  static const bool permitted = syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  return permitted;
#else
  return false;
#endif
}

}  // namespace

bool Supports(Isa isa) {
  switch (isa) {
    case Isa::kPlain: return true;
    case Isa::kAvx2: return HasAvx2();
    case Isa::kAvx512: return HasAvx512();
    case Isa::kAmx: return HasAmx();
  }
  return false;
}

Isa BestIsa() {
  for (const Isa isa : {Isa::kAmx, Isa::kAvx512, Isa::kAvx2}) {
    if (Supports(isa)) return isa;
  }
  return Isa::kPlain;
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
