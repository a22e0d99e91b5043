#include "knowledge/index/vector/vector_kernels.h"

#include "base/check.h"

namespace atelier {

extern const ScanKernels scan_kernels_plain;
extern const ScanKernels scan_kernels_avx2;
extern const ScanKernels scan_kernels_avx512;

const ScanKernels& ScanKernelsFor(Isa isa) {
  CHECK(Supports(isa));
  switch (isa) {
    case Isa::kAvx512: return scan_kernels_avx512;
    case Isa::kAvx2: return scan_kernels_avx2;
    case Isa::kPlain: break;
  }
  return scan_kernels_plain;
}

}  // namespace atelier
