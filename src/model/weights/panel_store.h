// PanelStore: the packed form of a model's matrices (compute/kernel/panel.h), made on first touch and kept in a file
// beside the model, so that the next start maps them instead of packing again.
//
// The file, little-endian; whoever finds any number other than expected packs anew and replaces it:
//   header   4096 bytes: StoreHeader in panel_file.h (magic, versions, sizes, identity of the source, checksums)
//   panels   of each matrix, on 4096 bytes, as panel.h lays them out
//   index    for each matrix: u64 offset, u64 n, u64 k, u8 kind, u16 length of its name, name
// It is written beside its name and renamed, so it is whole or not there; it is never changed in place, so that
// processes can share its pages. Panels themselves carry no checksum: reading them all would be the start that the
// file is there to save.
//
// Threads: one caller at a time. Views from Panels live as long as the store.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/files.h"
#include "base/io/mapped_file.h"
#include "base/result.h"
#include "compute/kernel/panel.h"
#include "model/container/tensor_file.h"

namespace atelier {

// Anonymous memory that is handed out and never taken back, on huge pages where the system has them: they are read a
// quarter faster than 4 kB pages.
class HugeArena {
 public:
  HugeArena() = default;
  ~HugeArena();
  HugeArena(const HugeArena&) = delete;
  HugeArena& operator=(const HugeArena&) = delete;

  // On 64 bytes, zeroed. kExhausted if the system has no more.
  Result<std::byte*> Allocate(int64_t bytes);

 private:
  struct Mapping {
    void* start = nullptr;
    size_t size = 0;
  };
  std::vector<Mapping> mappings_;
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
};

struct PanelStoreOptions {
  // Of the panels' file; empty: keep none. A folder that cannot be written only costs the next start its time.
  std::string path;
  // Tensor::bytes lie in a read-only mapping of a file, so that pages may be dropped once they are packed.
  bool drop_source_pages = false;
  // Panels found in the file are read into huge pages on first touch (as fast as the page cache gives them) instead of
  // being used where they are mapped (instant, shared with other processes, read at the speed of 4 kB pages).
  bool read_into_memory = false;
};

class PanelStore {
 public:
  // Takes what a valid file at options.path holds for this very source. Never fails: a missing, stale or damaged file
  // counts as none. `files` and `source` must outlive the store.
  static std::unique_ptr<PanelStore> Open(Files& files, const TensorFile& source, PanelStoreOptions options);

  // The matrix [rows, columns] of a tensor of `source` in panels. Errors: kUnsupported for a format that has no
  // panels, kInvalid for what is no matrix, kExhausted.
  // COST: the first time, where the file has none, one pass over the tensor.
  Result<PackedMatrix> Panels(const Tensor& tensor);

  // Writes the file anew if something was packed since Open; otherwise does nothing. The store goes on as it was
  // whether or not it succeeds. COST: one pass over all panels.
  Result<void> Save();

  // How many matrices came from the file, and how many were packed here.
  int64_t num_loaded() const { return num_loaded_; }
  int64_t num_packed() const { return num_packed_; }
  // Bytes of panels handed out so far.
  int64_t panel_bytes() const;

 private:
  PanelStore(Files& files, PanelStoreOptions options, uint64_t source_identity)
      : files_(files), options_(std::move(options)), source_identity_(source_identity) {}
  void Load();
  Result<PackedMatrix> Pack(const Tensor& tensor, PackedMatrix packed);
  Result<PackedMatrix> Take(const PackedMatrix& stored);
  Result<void> Write(const std::string& path) const;

  Files& files_;
  PanelStoreOptions options_;
  uint64_t source_identity_;
  MappedFile mapped_;
  std::map<std::string, PackedMatrix, std::less<>> stored_;  // in the file
  std::map<std::string, PackedMatrix, std::less<>> given_;   // by Panels
  HugeArena memory_;
  int64_t num_loaded_ = 0;
  int64_t num_packed_ = 0;
};

}  // namespace atelier
