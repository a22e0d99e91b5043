#include "base/io/sim_files.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

namespace atelier {
namespace {

using Content = std::vector<std::byte>;

struct ByteChange {
  int64_t offset = 0;  // or, of a truncation, the new size
  std::optional<Content> bytes;
};

void WriteInto(Content& content, int64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  const size_t begin = static_cast<size_t>(offset);
  if (content.size() < begin + bytes.size()) content.resize(begin + bytes.size());
  std::memcpy(content.data() + begin, bytes.data(), bytes.size());
}

std::string_view NextPart(std::string_view& path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  const std::string_view part = path.substr(0, path.find('/'));
  path.remove_prefix(part.size());
  return part;
}

}  // namespace

struct SimFiles::Node {
  explicit Node(bool folder) : is_folder(folder) {}
  const bool is_folder;
  int64_t modified_ns = 0;
  Content content, durable;                      // of a file
  std::vector<ByteChange> unsynced;              // in order
  std::map<std::string, NodePtr> names, synced;  // of a folder
};

class SimFiles::OpenFile final : public File {
 public:
  OpenFile(SimFiles& files, NodePtr node, std::string path)
      : files_(files), node_(std::move(node)), path_(std::move(path)), life_(files.life_) {}

  Result<size_t> ReadAt(int64_t offset, std::span<std::byte> dst) override {
    const std::lock_guard lock(files_.mutex_);
    TRY_VOID(Alive());
    if (files_.Chance(files_.faults_.failed_read)) return Error::Unavailable(path_, "read: input/output error");
    const int64_t size = static_cast<int64_t>(node_->content.size());
    if (offset >= size) return size_t{0};
    const size_t count = std::min(dst.size(), static_cast<size_t>(size - offset));
    if (count > 0) std::memcpy(dst.data(), node_->content.data() + offset, count);
    return count;
  }
  Result<void> WriteAt(int64_t offset, std::span<const std::byte> src) override {
    const std::lock_guard lock(files_.mutex_);
    TRY_VOID(Alive());
    return files_.Write(*node_, path_, offset, src);
  }
  Result<int64_t> Size() override {
    const std::lock_guard lock(files_.mutex_);
    TRY_VOID(Alive());
    return static_cast<int64_t>(node_->content.size());
  }
  Result<void> Truncate(int64_t size) override {
    const std::lock_guard lock(files_.mutex_);
    TRY_VOID(Alive());
    return files_.Truncate(*node_, path_, size);
  }
  Result<void> Sync() override {
    const std::lock_guard lock(files_.mutex_);
    TRY_VOID(Alive());
    return files_.Sync(*node_, path_);
  }

 private:
  Result<void> Alive() const {
    TRY_VOID(files_.Powered(path_));
    if (life_ != files_.life_) return Error::Unavailable(path_, "this file was open before the power went");
    return {};
  }

  SimFiles& files_;
  const NodePtr node_;
  const std::string path_;
  const int64_t life_;
};

SimFiles::SimFiles() : SimFiles(Options()) {}
SimFiles::SimFiles(Options options)
    : options_(options),
      random_(options.seed),
      capacity_bytes_(options.capacity_bytes),
      root_(std::make_shared<Node>(true)) {}
SimFiles::~SimFiles() = default;

void SimFiles::SetFaults(Faults faults) {
  const std::lock_guard lock(mutex_);
  faults_ = faults;
}

void SimFiles::SetCapacity(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_bytes_ = bytes;
}

void SimFiles::CutPowerAfter(int64_t num_calls) {
  const std::lock_guard lock(mutex_);
  cut_at_ = num_calls > 0 ? num_changes_ + num_calls : 0;
}

bool SimFiles::power_is_off() const {
  const std::lock_guard lock(mutex_);
  return power_is_off_;
}

int64_t SimFiles::num_changes() const {
  const std::lock_guard lock(mutex_);
  return num_changes_;
}

void SimFiles::Restart() {
  const std::lock_guard lock(mutex_);
  // Three kinds of cut, equally likely: nothing unsynced was on its way, all of it had arrived, each piece by chance.
  const uint64_t mood = random_.Below(3);
  for (const NameChanges& changes : unsynced_names_) {
    if (mood == 0 || (mood == 2 && random_.Below(2) == 0)) continue;
    for (const NameChange& change : changes) {
      if (change.now == nullptr)
        change.folder->synced.erase(change.name);
      else
        change.folder->synced[change.name] = change.now;
    }
  }
  unsynced_names_.clear();
  std::vector<NodePtr> open = {root_};
  std::set<Node*> seen;
  while (!open.empty()) {
    const NodePtr node = std::move(open.back());
    open.pop_back();
    if (!seen.insert(node.get()).second) continue;
    if (node->is_folder) {
      node->names = node->synced;
      for (const auto& [name, child] : node->names) open.push_back(child);
      continue;
    }
    if (mood == 1) node->durable = node->content;
    if (mood != 2) node->unsynced.clear();
    LoseUnsynced(*node);
    node->content = node->durable;
  }
  power_is_off_ = false;
  cut_at_ = 0;
  locked_.clear();
  ++life_;
}

// Each sector of what was written since the last sync reaches the disk or does not.
void SimFiles::LoseUnsynced(Node& node) {
  for (const ByteChange& change : node.unsynced) {
    if (!change.bytes) {
      if (random_.Below(2) == 0) node.durable.resize(static_cast<size_t>(change.offset));
      continue;
    }
    const std::span<const std::byte> bytes(*change.bytes);
    const int64_t end = change.offset + static_cast<int64_t>(bytes.size());
    for (int64_t at = change.offset; at < end;) {
      const int64_t next = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
      const auto sector = bytes.subspan(static_cast<size_t>(at - change.offset), static_cast<size_t>(next - at));
      if (random_.Below(2) == 0) WriteInto(node.durable, at, sector);
      at = next;
    }
  }
  node.unsynced.clear();
}

void SimFiles::FlipBit(const std::string& path, int64_t byte, int bit) {
  const std::lock_guard lock(mutex_);
  const NodePtr node = Find(path);
  CHECK(node != nullptr && byte >= 0 && byte < static_cast<int64_t>(node->content.size()) && bit >= 0 && bit < 8);
  const std::byte mask{static_cast<unsigned char>(1U << static_cast<unsigned>(bit))};
  const size_t at = static_cast<size_t>(byte);
  node->content[at] ^= mask;
  if (at < node->durable.size()) node->durable[at] ^= mask;
}

Result<void> SimFiles::Powered(const std::string& path) const {
  if (power_is_off_) return Error::Unavailable(path, "the power is off");
  return {};
}

bool SimFiles::Survives() { return ++num_changes_ != cut_at_; }

Error SimFiles::Cut(const std::string& path) {
  power_is_off_ = true;
  return Error::Unavailable(path, "the power went");
}

bool SimFiles::Chance(double probability) { return probability > 0 && random_.Uniform() < probability; }

SimFiles::NodePtr SimFiles::Find(std::string_view path) const {
  NodePtr node = root_;
  while (node != nullptr) {
    const std::string_view part = NextPart(path);
    if (part.empty()) return node;
    const auto found = node->names.find(std::string(part));
    node = found == node->names.end() ? nullptr : found->second;
  }
  return nullptr;
}

Result<SimFiles::NodePtr> SimFiles::FindFolder(const std::string& path) const {
  TRY_VOID(Powered(path));
  NodePtr node = Find(path);
  if (node == nullptr) return Error::NotFound(path, "no such folder");
  if (!node->is_folder) return Error::Invalid(path, "not a folder");
  return node;
}

Result<SimFiles::NodePtr> SimFiles::FindFile(const std::string& path) const {
  TRY_VOID(Powered(path));
  NodePtr node = Find(path);
  if (node == nullptr) return Error::NotFound(path, "no such file");
  if (node->is_folder) return Error::Invalid(path, "got a folder, want a file");
  return node;
}

Result<void> SimFiles::ChangeNames(const std::string& path, NameChanges changes) {
  const bool survives = Survives();
  for (const NameChange& change : changes) {
    if (change.now == nullptr)
      change.folder->names.erase(change.name);
    else
      change.folder->names[change.name] = change.now;
  }
  unsynced_names_.push_back(std::move(changes));
  if (!survives) return Cut(path);
  return {};
}

Result<SimFiles::NodePtr> SimFiles::Create(const std::string& path, bool is_folder) {
  TRY(const NodePtr folder, FindFolder(FolderOf(path)));
  auto node = std::make_shared<Node>(is_folder);
  node->modified_ns = ++time_ns_;
  TRY_VOID(ChangeNames(path, {{folder, std::string(NameOf(path)), node}}));
  return node;
}

int64_t SimFiles::UsedBytes() const {
  int64_t used = 0;
  std::vector<const Node*> open = {root_.get()};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    used += static_cast<int64_t>(node->content.size());
    for (const auto& [name, child] : node->names) open.push_back(child.get());
  }
  return used;
}

Result<void> SimFiles::Write(Node& node, const std::string& path, int64_t offset, std::span<const std::byte> src) {
  if (src.empty()) return {};
  size_t count = src.size();
  std::optional<Error> error;
  const int64_t grows = offset + static_cast<int64_t>(src.size()) - static_cast<int64_t>(node.content.size());
  const int64_t room = grows > 0 ? capacity_bytes_ - UsedBytes() : grows;
  if (grows > room) {
    count -= std::min(count, static_cast<size_t>(grows - std::max<int64_t>(room, 0)));
    error = Error::Exhausted(path, "write: no space left on device");
  } else if (Chance(faults_.short_write)) {
    count = random_.Below(src.size());
    error = Error::Unavailable(path, "write: input/output error");
  }
  if (!Survives()) {
    count = random_.Below(count + 1);
    error = Cut(path);
  }
  const auto written = src.subspan(0, count);
  WriteInto(node.content, offset, written);
  if (count > 0) node.unsynced.push_back({offset, Content(written.begin(), written.end())});
  node.modified_ns = ++time_ns_;
  if (error) return *std::move(error);
  return {};
}

Result<void> SimFiles::Truncate(Node& node, const std::string& path, int64_t size) {
  const bool survives = Survives();
  node.content.resize(static_cast<size_t>(size));
  node.unsynced.push_back({size, std::nullopt});
  node.modified_ns = ++time_ns_;
  if (!survives) return Cut(path);
  return {};
}

Result<void> SimFiles::Sync(Node& node, const std::string& path) {
  if (!Survives()) return Cut(path);
  if (Chance(faults_.failed_sync)) {
    LoseUnsynced(node);
    return Error::Unavailable(path, "fsync: input/output error");
  }
  if (options_.ignores_sync) return {};
  for (const ByteChange& change : node.unsynced) {
    if (change.bytes)
      WriteInto(node.durable, change.offset, *change.bytes);
    else
      node.durable.resize(static_cast<size_t>(change.offset));
  }
  node.unsynced.clear();
  return {};
}

Result<std::unique_ptr<File>> SimFiles::Open(const std::string& path, FileMode mode) {
  const std::lock_guard lock(mutex_);
  auto found = FindFile(path);
  if (!found.ok() && found.error().kind == ErrorKind::kNotFound && mode != FileMode::kRead) {
    found = Create(path, false);
  } else if (found.ok() && mode == FileMode::kReplace && !(*found)->content.empty()) {
    TRY_VOID(Truncate(**found, path, 0));
  }
  if (!found.ok()) return std::move(found).error();
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, *found, path));
}

Result<FileBytes> SimFiles::Map(const std::string& path) {
  const std::lock_guard lock(mutex_);
  TRY(const NodePtr node, FindFile(path));
  if (Chance(faults_.failed_read)) return Error::Unavailable(path, "mmap: input/output error");
  auto copy = std::make_shared<const Content>(node->content);
  return FileBytes{.bytes = *copy, .owner = copy};
}

Result<FileInfo> SimFiles::Stat(const std::string& path) {
  const std::lock_guard lock(mutex_);
  TRY_VOID(Powered(path));
  const NodePtr node = Find(path);
  if (node == nullptr) return Error::NotFound(path, "no such file");
  return FileInfo{.size = static_cast<int64_t>(node->content.size()),
                  .modified_ns = node->modified_ns,
                  .is_folder = node->is_folder};
}

Result<std::vector<std::string>> SimFiles::List(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  TRY(const NodePtr node, FindFolder(folder));
  std::vector<std::string> names;
  for (const auto& [name, child] : node->names) names.push_back(name);
  return names;
}

Result<void> SimFiles::MakeFolders(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  TRY_VOID(Powered(folder));
  for (size_t end = folder.find('/', 1);; end = folder.find('/', end + 1)) {
    const std::string part = folder.substr(0, end);
    const NodePtr node = Find(part);
    if (node != nullptr && !node->is_folder) return Error::Invalid(part, "not a folder");
    if (node == nullptr) TRY_VOID(Create(part, true));
    if (end == std::string::npos) return {};
  }
}

Result<void> SimFiles::Rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  TRY(const NodePtr source, FindFolder(FolderOf(from)));
  TRY(const NodePtr target, FindFolder(FolderOf(to)));
  const NodePtr node = Find(from);
  if (node == nullptr) return Error::NotFound(from, "no such file");
  return ChangeNames(to, {{source, std::string(NameOf(from)), nullptr}, {target, std::string(NameOf(to)), node}});
}

Result<void> SimFiles::Link(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  TRY(const NodePtr node, FindFile(from));
  TRY(const NodePtr folder, FindFolder(FolderOf(to)));
  if (Find(to) != nullptr) return Error::Conflict(to, "exists");
  return ChangeNames(to, {{folder, std::string(NameOf(to)), node}});
}

Result<void> SimFiles::Remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  TRY(const NodePtr folder, FindFolder(FolderOf(path)));
  const NodePtr node = Find(path);
  if (node == nullptr) return Error::NotFound(path, "no such file");
  if (!node->names.empty()) return Error::Conflict(path, "the folder is not empty");
  return ChangeNames(path, {{folder, std::string(NameOf(path)), nullptr}});
}

Result<void> SimFiles::SyncFolder(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  TRY(const NodePtr node, FindFolder(folder));
  if (!Survives()) return Cut(folder);
  if (Chance(faults_.failed_sync)) return Error::Unavailable(folder, "fsync: input/output error");
  if (options_.ignores_sync) return {};
  std::erase_if(unsynced_names_, [&node](const NameChanges& changes) {
    const bool here = std::any_of(changes.begin(), changes.end(),
                                  [&node](const NameChange& change) { return change.folder == node; });
    for (const NameChange& change : here ? changes : NameChanges()) {
      if (change.now == nullptr)
        change.folder->synced.erase(change.name);
      else
        change.folder->synced[change.name] = change.now;
    }
    return here;
  });
  return {};
}

Result<std::shared_ptr<const void>> SimFiles::Lock(const std::string& path) {
  const std::lock_guard lock(mutex_);
  TRY_VOID(Powered(path));
  TRY_VOID(FindFolder(FolderOf(path)));
  if (Find(path) == nullptr) TRY_VOID(Create(path, false));
  if (!locked_.insert(path).second) return Error::Conflict(path, "another process holds this lock");
  const auto release = [this, path, life = life_](const void*) {
    const std::lock_guard held(mutex_);
    if (life == life_) locked_.erase(path);
  };
  return std::shared_ptr<const void>(this, release);
}

uint64_t SimFiles::Boot() {
  const std::lock_guard lock(mutex_);
  return static_cast<uint64_t>(life_) + 1;
}

}  // namespace atelier
