// Nine rows and more on AMX: a tile instruction multiplies 16 rows of activations by a panel's group of 32 codes into
// 16 x 16 exact integer sums, in the time that vpdpbusd takes for 2 rows. A panel's group, unpacked, is such a tile as
// it lies. The sums go through memory to vector registers, where scales are applied in the contract's order; that is
// what bounds the speed: a conversion, a multiplication and one or two FMAs for 16 sums.
//
// Two tiles of rows by two panels share their loads. The products of kBlockGroups groups are made at a time, so that
// a row's sums stay in registers while its groups are added; between blocks they wait in memory as f32.
#include "compute/kernel/matmul_avx512.h"
#include "compute/kernel/matmul_avx512_parts.h"
#include "compute/kernel/matmul_versions.h"

namespace atelier::amx {

namespace {

constexpr int kTileRows = 16;
constexpr int64_t kMaxSliceGroups = 20;
constexpr int64_t kMaxBlockRows = 512;
constexpr int64_t kBlockGroups = 4;

// Two panels' slice of K, unpacked, and what comes of it. Lives in the caller's scratch memory.
struct alignas(64) Slice {
  int8_t codes[2][kMaxSliceGroups][8][64];          // the offset taken off
  float scales[2][kMaxSliceGroups][2][kPanelRows];  // [panel][group][part][row of W]
  float mins[2][kMaxSliceGroups][kPanelRows];
  int32_t products[2 * kBlockGroups][2][2][kTileRows][kPanelRows];  // [group and part][tile of rows][panel]
  float sums[kMaxBlockRows][2][kPanelRows];                         // of earlier blocks of groups
};
static_assert(sizeof(Slice) <= kMatMulScratchBytes);

struct Groups {
  int64_t begin;
  int64_t end;
};

// What the tile registers hold: 0..3 products (tile of rows, panel), 4 and 5 activations, 6 and 7 codes.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t num_rows[16] = {};
};

// `parts` scales a group cut its 32 codes in as many products.
void ConfigureTiles(int rows0, int rows1, int parts) {
  TileConfig config;
  const auto set = [&](int tile, int rows, int bytes) {
    config.num_rows[tile] = static_cast<uint8_t>(rows);
    config.row_bytes[tile] = static_cast<uint16_t>(rows == 0 ? 0 : bytes);
  };
  const int used_rows1 = rows1 > 0 ? rows1 : 1;  // an unused tile must still be a valid one
  for (int panel = 0; panel < 2; ++panel) {
    set(panel, rows0, 64);
    set(2 + panel, used_rows1, 64);
    set(6 + panel, 8 / parts, 64);
  }
  set(4, rows0, kGroupSize / parts);
  set(5, used_rows1, kGroupSize / parts);
  asm volatile("" : : "m"(config) : "memory");  // g++ 12 believes that loading reads 8 bytes of it
  _tile_loadconfig(&config);
}

template <PanelTraits kTraits>
void Unpack(const PanelLayout& layout, const std::byte* panel, Groups groups, int p, Slice& slice) {
  const __m512i offset = _mm512_set1_epi8(static_cast<char>(kTraits.offset_shift == 0 ? 0 : 1 << kTraits.offset_shift));
  for (int64_t g = groups.begin; g < groups.end; ++g) {
    const int64_t at = g - groups.begin;
    __m512i codes[8];
    avx512::LoadCodes<kTraits.bits>(layout, panel, g, codes);
    for (int c = 0; c < 8; ++c) {
      const __m512i code = kTraits.offset_shift == 0 ? codes[c] : _mm512_sub_epi8(codes[c], offset);
      _mm512_store_si512(slice.codes[p][at][c], code);
    }
    for (int part = 0; part < kTraits.parts; ++part) {
      _mm512_store_ps(slice.scales[p][at][part], avx512::LoadScale<kTraits>(layout, panel, g, part));
    }
    if constexpr (kTraits.has_min) {
      _mm512_store_ps(slice.mins[p][at], avx512::LoadMin<kTraits>(layout, panel, g));
    }
  }
}

// Products of one part of a group: rows [row, row + 16 or 32) by one or two panels.
template <int kRowTiles, int kPanels>
[[gnu::always_inline]] inline void MultiplyTiles(const int8_t* values, int64_t stride, const int8_t* codes0,
                                                 const int8_t* codes1, int32_t (&out)[2][2][kTileRows][kPanelRows]) {
  _tile_loadd(4, values, stride);
  _tile_loadd(6, codes0, 64);
  _tile_zero(0);
  _tile_dpbssd(0, 4, 6);
  _tile_stored(0, out[0][0], 64);
  if constexpr (kPanels == 2) {
    _tile_loadd(7, codes1, 64);
    _tile_zero(1);
    _tile_dpbssd(1, 4, 7);
    _tile_stored(1, out[0][1], 64);
  }
  if constexpr (kRowTiles == 2) {
    _tile_loadd(5, values + kTileRows * stride, stride);
    _tile_zero(2);
    _tile_dpbssd(2, 5, 6);
    _tile_stored(2, out[1][0], 64);
    if constexpr (kPanels == 2) {
      _tile_zero(3);
      _tile_dpbssd(3, 5, 7);
      _tile_stored(3, out[1][1], 64);
    }
  }
}

// A block of groups within a slice, and where its sums come from and go to.
struct Block {
  Groups groups;         // of the whole K
  int64_t at;            // of its first group in the slice
  bool first;            // of K
  bool last;
  float* y;              // column of the first panel, row of the block of rows
  int64_t y_stride;
  __mmask16 masks[2];
};

// Adds a block's products to the sums of rows [row, row + kRows) of tile `tile`, panel p.
//   row        in x            block_row  in slice.sums and y         tile_row  in the tile
template <PanelTraits kTraits, int kRows>
[[gnu::always_inline]] inline void AddProducts(Slice& slice, const ActivationRows& x, const Block& block, int64_t row,
                                               int64_t block_row, int tile, int tile_row, int p) {
  __m512 acc[kRows];
#pragma GCC unroll 16
  for (int t = 0; t < kRows; ++t) {
    acc[t] = block.first ? _mm512_setzero_ps() : _mm512_load_ps(slice.sums[block_row + t][p]);
  }
  for (int64_t g = block.groups.begin; g < block.groups.end; ++g) {
    const int64_t i = g - block.groups.begin;
    const int64_t flat = row * x.num_groups + g;
#pragma GCC unroll 2
    for (int part = 0; part < kTraits.parts; ++part) {
      const __m512 scale = _mm512_load_ps(slice.scales[p][block.at + i][part]);
      const auto& products = slice.products[i * kTraits.parts + part][tile][p];
#pragma GCC unroll 16
      for (int t = 0; t < kRows; ++t) {
        const __m512 product = _mm512_cvtepi32_ps(_mm512_load_si512(products[tile_row + t]));
        const __m512 x_scale = _mm512_set1_ps(x.scales[flat + t * x.num_groups]);
        acc[t] = _mm512_fmadd_ps(product, _mm512_mul_ps(scale, x_scale), acc[t]);
      }
    }
    if constexpr (kTraits.has_min) {
      const __m512 min = _mm512_load_ps(slice.mins[p][block.at + i]);
#pragma GCC unroll 16
      for (int t = 0; t < kRows; ++t) {
        acc[t] = _mm512_fmadd_ps(min, _mm512_set1_ps(x.scaled_sums[flat + t * x.num_groups]), acc[t]);
      }
    }
  }
#pragma GCC unroll 16
  for (int t = 0; t < kRows; ++t) {
    if (!block.last) {
      _mm512_store_ps(slice.sums[block_row + t][p], acc[t]);
    } else {
      _mm512_mask_storeu_ps(block.y + (block_row + t) * block.y_stride + p * kPanelRows, block.masks[p], acc[t]);
    }
  }
}

// The same for a tile that has fewer rows.
template <PanelTraits kTraits>
void AddFewProducts(Slice& slice, const ActivationRows& x, const Block& block, int64_t row, int64_t block_row, int tile,
                    int num_rows, int p) {
  int t = 0;
  for (; t + 4 <= num_rows; t += 4) {
    AddProducts<kTraits, 4>(slice, x, block, row + t, block_row + t, tile, t, p);
  }
  for (; t < num_rows; ++t) AddProducts<kTraits, 1>(slice, x, block, row + t, block_row + t, tile, t, p);
}

// One block of groups of 16 * kRowTiles rows, the last tile having `last_rows`.
template <PanelTraits kTraits, int kRowTiles, int kPanels>
void MultiplyRows(Slice& slice, const ActivationRows& x, const Block& block, int64_t row, int64_t block_row,
                  int last_rows) {
  const int64_t stride = x.num_groups * kGroupSize;
  for (int64_t g = block.groups.begin; g < block.groups.end; ++g) {
    const int64_t i = g - block.groups.begin;
#pragma GCC unroll 2
    for (int part = 0; part < kTraits.parts; ++part) {
      constexpr int kSteps = 8 / kTraits.parts;
      MultiplyTiles<kRowTiles, kPanels>(x.values + row * stride + g * kGroupSize + part * kSteps * 4, stride,
                                        slice.codes[0][block.at + i][part * kSteps],
                                        slice.codes[1][block.at + i][part * kSteps],
                                        slice.products[i * kTraits.parts + part]);
    }
  }
  for (int tile = 0; tile < kRowTiles; ++tile) {
    const int num_rows = tile + 1 < kRowTiles ? kTileRows : last_rows;
    const int64_t offset = tile * kTileRows;
    for (int p = 0; p < kPanels; ++p) {
      if (num_rows == kTileRows) {
        AddProducts<kTraits, kTileRows>(slice, x, block, row + offset, block_row + offset, tile, 0, p);
      } else {
        AddFewProducts<kTraits>(slice, x, block, row + offset, block_row + offset, tile, num_rows, p);
      }
    }
  }
}

// All rows of a block of rows against an unpacked slice.
template <PanelTraits kTraits, int kPanels>
void MultiplySlice(Slice& slice, const ActivationRows& x, int64_t row, int64_t num_rows, Groups groups,
                   const Block& place) {
  const auto each_block = [&](auto fn) {
    for (int64_t begin = groups.begin; begin < groups.end; begin += kBlockGroups) {
      Block block = place;
      block.groups = {begin, begin + kBlockGroups < groups.end ? begin + kBlockGroups : groups.end};
      block.at = begin - groups.begin;
      block.first = begin == 0;
      block.last = block.groups.end == x.num_groups;
      fn(block);
    }
  };
  const int64_t whole = num_rows / (2 * kTileRows) * (2 * kTileRows);
  if (whole > 0) ConfigureTiles(kTileRows, kTileRows, kTraits.parts);
  for (int64_t t = 0; t < whole; t += 2 * kTileRows) {
    each_block([&](const Block& block) {
      MultiplyRows<kTraits, 2, kPanels>(slice, x, block, row + t, t, kTileRows);
    });
  }
  const int left = static_cast<int>(num_rows - whole);
  if (left > kTileRows) {
    ConfigureTiles(kTileRows, left - kTileRows, kTraits.parts);
    each_block([&](const Block& block) {
      MultiplyRows<kTraits, 2, kPanels>(slice, x, block, row + whole, whole, left - kTileRows);
    });
  } else if (left > 0) {
    ConfigureTiles(left, 0, kTraits.parts);
    each_block([&](const Block& block) {
      MultiplyRows<kTraits, 1, kPanels>(slice, x, block, row + whole, whole, left);
    });
  }
}

template <PanelTraits kTraits>
void MultiplyBlock(const PackedMatrix& w, const ActivationRows& x, int64_t row, int64_t num_rows, PanelRange panels,
                   float* y, int64_t y_stride, Slice& slice) {
  const PanelLayout layout = w.layout;
  const int64_t num_slices = (x.num_groups + kMaxSliceGroups - 1) / kMaxSliceGroups;
  for (int64_t p = panels.begin; p < panels.end; p += 2) {
    const bool two = p + 1 < panels.end;
    Block place{.groups = {}, .at = 0, .first = false, .last = false, .y = y + row * y_stride + p * kPanelRows,
                .y_stride = y_stride, .masks = {}};
    for (int i = 0; i < 2; ++i) {
      const int64_t left = w.n - (p + i) * kPanelRows;
      place.masks[i] = static_cast<__mmask16>(left >= kPanelRows ? 0xffff : left <= 0 ? 0 : (1 << left) - 1);
    }
    for (int64_t s = 0; s < num_slices; ++s) {
      const Groups groups{x.num_groups * s / num_slices, x.num_groups * (s + 1) / num_slices};
      Unpack<kTraits>(layout, w.data + p * layout.panel_bytes, groups, 0, slice);
      if (two) Unpack<kTraits>(layout, w.data + (p + 1) * layout.panel_bytes, groups, 1, slice);
      if (two) {
        MultiplySlice<kTraits, 2>(slice, x, row, num_rows, groups, place);
      } else {
        MultiplySlice<kTraits, 1>(slice, x, row, num_rows, groups, place);
      }
    }
  }
}

void Multiply(const PackedMatrix& w, const ActivationRows& x, PanelRange panels, float* y, int64_t y_stride,
              std::byte* scratch) {
  if (x.num_rows <= avx512::kMaxVectorRows) return avx512::MultiplyVector(w, x, panels, y, y_stride);
  Slice& slice = *reinterpret_cast<Slice*>(scratch);
  WithTraits(w.layout.kind, [&]<PanelTraits kTraits>() {
    for (int64_t row = 0; row < x.num_rows; row += kMaxBlockRows) {
      const int64_t left = x.num_rows - row;
      const int64_t num_rows = left < kMaxBlockRows ? left : kMaxBlockRows;
      MultiplyBlock<kTraits>(w, x, row, num_rows, panels, y, y_stride, slice);
    }
  });
  _tile_release();  // a thread that holds tiles makes each of its switches dearer
}

}  // namespace

constinit const MatMulKernels kMatMulKernels{avx512::QuantizeRow, Multiply, avx512::MultiplyFloat};

}  // namespace atelier::amx
