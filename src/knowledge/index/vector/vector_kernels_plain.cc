#include "compute/kernel/lanes_plain.h"
// The body is written over the lanes above.
#include "knowledge/index/vector/vector_kernels_body.h"

namespace atelier {
extern const ScanKernels scan_kernels_plain;
const ScanKernels scan_kernels_plain = kScanKernels;
}  // namespace atelier
