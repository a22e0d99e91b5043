// What this machine could do at best: the two figures that bound every model step. `atelier bench` sets its own speed
// beside them.
#pragma once

#include <cstdint>

#include "compute/kernel/gang.h"
#include "compute/kernel/isa.h"

namespace atelier {

struct MachineLimits {
  double int8_gops = 0;  // 1e9 multiplications and additions of bytes a second, out of registers
  double read_gb_s = 0;  // 1e9 bytes a second read from memory, one pass over more than the caches hold
};

// Of all threads of the gang together, with the instructions that the kernels of `isa` use; the best of a few tries.
// COST: about half a second and 1 GiB of memory.
MachineLimits MeasureMachine(Isa isa, Gang& gang);

// One version of what is timed.
struct LimitLoops {
  // Runs `rounds` rounds of independent dot products; returns the operations of one round.
  int64_t (*integer_products)(int64_t rounds);
  // Reads `bytes` (a multiple of 512, on 64) once, and returns something that depends on all of them.
  uint64_t (*read)(const void* data, int64_t bytes);
};

namespace plain {
extern const LimitLoops kLimitLoops;
}
namespace avx2 {
extern const LimitLoops kLimitLoops;
}
namespace avx512 {
extern const LimitLoops kLimitLoops;
}

}  // namespace atelier
