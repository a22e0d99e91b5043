#include "compute/kernel/vector_math.h"

#include "base/check.h"

namespace atelier {

extern const VectorKernels vector_kernels_plain;
extern const VectorKernels vector_kernels_avx2;
extern const VectorKernels vector_kernels_avx512;

const VectorKernels& VectorKernelsFor(Isa isa) {
  CHECK(Supports(isa));
  switch (isa) {
    case Isa::kAvx512: return vector_kernels_avx512;
    case Isa::kAvx2: return vector_kernels_avx2;
    case Isa::kPlain: break;
  }
  return vector_kernels_plain;
}

}  // namespace atelier
