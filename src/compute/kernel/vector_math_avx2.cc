#include "compute/kernel/lanes_avx2.h"
// The body is written over the lanes above.
#include "compute/kernel/vector_math_body.h"

namespace atelier {
extern const VectorKernels vector_kernels_avx2;
const VectorKernels vector_kernels_avx2 = kVectorKernels;
}  // namespace atelier
