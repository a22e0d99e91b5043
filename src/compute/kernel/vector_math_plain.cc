#include "compute/kernel/lanes_plain.h"
// The body is written over the lanes above.
#include "compute/kernel/vector_math_body.h"

namespace atelier {
extern const VectorKernels vector_kernels_plain;
const VectorKernels vector_kernels_plain = kVectorKernels;
}  // namespace atelier
