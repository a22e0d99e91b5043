#include "compute/kernel/lanes_avx2.h"
// The body is written over the lanes above.
#include "knowledge/index/vector/vector_kernels_body.h"

namespace atelier {
extern const ScanKernels scan_kernels_avx2;
const ScanKernels scan_kernels_avx2 = kScanKernels;
}  // namespace atelier
