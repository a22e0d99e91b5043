#include "compute/kernel/lanes_avx512.h"
// The body is written over the lanes above.
#include "knowledge/index/vector/vector_kernels_body.h"

namespace atelier {
extern const ScanKernels scan_kernels_avx512;
const ScanKernels scan_kernels_avx512 = kScanKernels;
}  // namespace atelier
