#include "compute/kernel/lanes_avx2.h"
// The body is written over the lanes above.
#include "compute/kernel/attention_body.h"

namespace atelier {
extern const AttentionKernels attention_kernels_avx2;
const AttentionKernels attention_kernels_avx2 = kAttentionKernels;
}  // namespace atelier
