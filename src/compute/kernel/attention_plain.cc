#include "compute/kernel/lanes_plain.h"
// The body is written over the lanes above.
#include "compute/kernel/attention_body.h"

namespace atelier {
extern const AttentionKernels attention_kernels_plain;
const AttentionKernels attention_kernels_plain = kAttentionKernels;
}  // namespace atelier
