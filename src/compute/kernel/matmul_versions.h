// The versions of the product, one file each; matmul.h states what they compute.
#pragma once

#include "compute/kernel/matmul.h"

namespace atelier {
namespace plain {
extern const MatMulKernels kMatMulKernels;
}
namespace avx2 {
extern const MatMulKernels kMatMulKernels;
}
namespace avx512 {
extern const MatMulKernels kMatMulKernels;
}
}  // namespace atelier
