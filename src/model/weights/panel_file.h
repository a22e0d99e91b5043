// The file of a PanelStore (panel_store.h): writing its header and index, and checking them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "base/result.h"
#include "compute/kernel/panel.h"

namespace atelier {

constexpr uint32_t kPanelFileVersion = 1;
constexpr int64_t kPanelFileAlignment = 4096;

struct StoreHeader {
  char magic[8];           // "ATELPNL\0"
  uint32_t file_version;   // kPanelFileVersion
  uint32_t panel_version;  // kPanelVersion
  uint64_t source_identity;
  uint64_t file_bytes;
  uint64_t index_offset;
  uint64_t index_bytes;
  uint64_t num_entries;
  uint64_t index_checksum;
  uint64_t header_checksum;  // of the fields above
};

// FNV-1a, 64 bits: finds damage, resists nobody.
uint64_t Checksum(std::span<const std::byte> bytes, uint64_t seed = 0xcbf29ce484222325u);

using PanelIndex = std::map<std::string, PackedMatrix, std::less<>>;

// Header and index for matrices that lie one after the other, each on kPanelFileAlignment, in the order of names.
struct PanelFilePlan {
  std::string header;  // kPanelFileAlignment bytes
  std::string index;
  int64_t index_offset = 0;
  std::map<std::string, int64_t, std::less<>> offsets;
};
PanelFilePlan PlanPanelFile(const PanelIndex& matrices, uint64_t source_identity);

// The matrices of a file, pointing into `bytes`. Errors: kCorrupt says which field is not as expected.
Result<PanelIndex> ReadPanelFile(std::span<const std::byte> bytes, uint64_t source_identity);

}  // namespace atelier
