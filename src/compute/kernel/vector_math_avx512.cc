#include "compute/kernel/lanes_avx512.h"
// The body is written over the lanes above.
#include "compute/kernel/vector_math_body.h"

namespace atelier {
extern const VectorKernels vector_kernels_avx512;
const VectorKernels vector_kernels_avx512 = kVectorKernels;
}  // namespace atelier
