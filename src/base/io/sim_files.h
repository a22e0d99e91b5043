// A file system in memory that plays what can go wrong with a real one: power cuts, full disks, failed syncs, reads
// that fail, flipped bits. Everything follows from the seed and from the order of the calls, so a failure can be played
// again.
//
// What a power cut leaves: of each file the bytes of its last Sync, and of what was written since then each sector of
// kSectorBytes or not, in any combination (so writes are dropped, reordered and torn; a file that grew and lost its
// bytes holds zeros). Of each folder the names of its last SyncFolder, and of the changes since then each or not, in
// order (a rename happens wholly or not at all). File::Sync does not make the file's name durable.
//
// Thread-safe; deterministic where one thread calls.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/files.h"
#include "base/random.h"

namespace atelier {

class SimFiles final : public Files {
 public:
  static constexpr int64_t kSectorBytes = 512;

  struct Options {
    uint64_t seed = 0;
    // Sync and SyncFolder return at once and make nothing durable: what a program without fsync has. A test that does
    // not fail with this does not test durability.
    bool ignores_sync = false;
    int64_t capacity_bytes = int64_t{1} << 40;  // of all files together; beyond it writes are cut short: kExhausted
  };
  // Chances, of each call, in [0, 1].
  struct Faults {
    double short_write = 0;  // a part is written, then kUnavailable
    double failed_sync = 0;  // kUnavailable; what was to be synced stays readable and may be lost at the next cut,
                             // even if a later Sync succeeds (as Linux does)
    double failed_read = 0;  // kUnavailable, of ReadAt and Map
  };

  SimFiles();
  explicit SimFiles(Options options);
  ~SimFiles() override;

  void SetFaults(Faults faults);
  void SetCapacity(int64_t bytes);
  // The power goes during the num_calls-th call from now that changes something; from then on every call fails with
  // kUnavailable, until Restart. 0 or less: never.
  void CutPowerAfter(int64_t num_calls);
  bool power_is_off() const;
  // Power is back, with what the cut has left. Files and locks from before are dead.
  void Restart();
  // Calls so far that changed something: what CutPowerAfter counts.
  int64_t num_changes() const;
  // Flips a bit of a file, where it is cached and where it is kept.   REQUIRES: the file has that byte.
  void FlipBit(const std::string& path, int64_t byte, int bit);

  Result<std::unique_ptr<File>> Open(const std::string& path, FileMode mode) override;
  Result<FileBytes> Map(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& folder) override;
  Result<void> MakeFolders(const std::string& folder) override;
  Result<void> Rename(const std::string& from, const std::string& to) override;
  Result<void> Link(const std::string& from, const std::string& to) override;
  Result<void> Remove(const std::string& path) override;
  Result<void> SyncFolder(const std::string& folder) override;
  Result<std::shared_ptr<const void>> Lock(const std::string& path) override;
  uint64_t Boot() override;

 private:
  struct Node;
  class OpenFile;
  using NodePtr = std::shared_ptr<Node>;
  struct NameChange {
    NodePtr folder;
    std::string name;
    NodePtr now;  // null: the name is gone
  };
  using NameChanges = std::vector<NameChange>;  // what happens wholly or not at all

  // All of these: with mutex_ held.
  Result<void> Powered(const std::string& path) const;
  // Counts a change. False: the power goes during this one.
  bool Survives();
  Error Cut(const std::string& path);
  bool Chance(double probability);
  NodePtr Find(std::string_view path) const;
  Result<NodePtr> FindFolder(const std::string& path) const;
  Result<NodePtr> FindFile(const std::string& path) const;
  Result<NodePtr> Create(const std::string& path, bool is_folder);
  // Does it now, and durably only at the folder's next sync.
  Result<void> ChangeNames(const std::string& path, NameChanges changes);
  int64_t UsedBytes() const;
  Result<void> Write(Node& node, const std::string& path, int64_t offset, std::span<const std::byte> src);
  Result<void> Truncate(Node& node, const std::string& path, int64_t size);
  Result<void> Sync(Node& node, const std::string& path);
  void LoseUnsynced(Node& node);

  const Options options_;
  mutable std::mutex mutex_;
  Random random_;
  Faults faults_;
  int64_t capacity_bytes_;
  int64_t num_changes_ = 0;
  int64_t cut_at_ = 0;  // the change that the power goes with; 0: none
  bool power_is_off_ = false;
  int64_t life_ = 0;  // how often it was restarted
  int64_t time_ns_ = 1'700'000'000'000'000'000;
  NodePtr root_;
  std::vector<NameChanges> unsynced_names_;  // in order
  std::set<std::string> locked_;
};

}  // namespace atelier
