#include "compute/kernel/machine_limits.h"
#include "compute/kernel/matmul_avx512.h"

namespace atelier::amx {
namespace {

// 16 rows of 32 bytes by 32 bytes of 16 columns: the products that a group of 32 weights takes.
int64_t IntegerProducts(int64_t rounds) {
  struct alignas(64) Config {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 32, 32, 64, 64};
    uint8_t num_rows[16] = {16, 16, 16, 16, 16, 16, 8, 8};
  };
  const Config config;
  asm volatile("" : : "m"(config) : "memory");
  _tile_loadconfig(&config);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  constexpr int64_t kRoundsPerTurn = 16;  // a round is as long as that of the other versions
  for (int64_t round = 0; round < rounds; round += kRoundsPerTurn) {
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  _tile_release();
  return 4 * 16 * 16 * 32 * 2 / kRoundsPerTurn;
}

uint64_t Read(const void* data, int64_t bytes) { return avx512::kLimitLoops.read(data, bytes); }

}  // namespace

constinit const LimitLoops kLimitLoops{IntegerProducts, Read};

}  // namespace atelier::amx
