#include "model/weights/panel_store.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

#include "compute/kernel/pack.h"
#include "model/weights/panel_file.h"

namespace atelier {

namespace {

constexpr int64_t kHugePageBytes = 2 << 20;
constexpr int64_t kChunkBytes = 64 << 20;  // of address space; pages come on first touch
constexpr int64_t kCacheLine = 64;
constexpr int64_t kMaxDimension = int64_t{1} << 31;
constexpr size_t kSampleBytes = 64;  // of each end of a tensor, for the identity of the source
constexpr std::string_view kTemporary = ".tmp-";

template <class T>
uint64_t AddTo(uint64_t identity, const T& value) {
  return Checksum(std::as_bytes(std::span(&value, 1)), identity);
}

uint64_t AddText(uint64_t identity, std::string_view text) {
  return Checksum(std::as_bytes(std::span(text)), AddTo(identity, text.size()));
}

// What makes panels stale when it changes: the file's size and time, what it says of its tensors, and some of the
// bytes of each, for the file that was replaced within the clock's resolution.
uint64_t IdentityOf(Files& files, const TensorFile& source) {
  uint64_t identity = Checksum({});
  if (const auto info = files.Stat(source.path()); info.ok()) {
    identity = AddTo(AddTo(identity, info->size), info->modified_ns);
  }
  for (const Tensor& tensor : source.tensors()) {
    identity = AddText(AddText(identity, tensor.name), tensor.format->name);
    for (const int64_t dimension : tensor.shape) identity = AddTo(identity, dimension);
    identity = AddTo(AddTo(identity, tensor.transposed), tensor.bytes.size());
    const size_t sample = std::min(tensor.bytes.size(), kSampleBytes);
    identity = Checksum(tensor.bytes.last(sample), Checksum(tensor.bytes.first(sample), identity));
  }
  return identity;
}

void DropPages(std::span<const std::byte> bytes) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(bytes.data()) + page - 1) / page * page;
  const uintptr_t end = reinterpret_cast<uintptr_t>(bytes.data() + bytes.size()) / page * page;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

// Files that a process which is gone left half written.
void RemoveLeftovers(Files& files, const std::string& path) {
  const auto names = files.List(FolderOf(path));
  if (!names.ok()) return;
  const std::string prefix = std::string(NameOf(path)) + std::string(kTemporary);
  for (const std::string& name : *names) {
    if (!name.starts_with(prefix)) continue;
    pid_t pid = 0;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), pid);
    if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH) {
      (void)files.Remove(JoinPath(FolderOf(path), name)).ok();
    }
  }
}

std::span<const std::byte> BytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

Result<std::byte*> HugeArena::Allocate(int64_t bytes) {
  const int64_t wanted = (bytes + kCacheLine - 1) / kCacheLine * kCacheLine;
  if (end_ - next_ < wanted) {
    const auto size = static_cast<size_t>(std::max(wanted, kChunkBytes) + kHugePageBytes);
    void* start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) {
      const std::string reason = std::strerror(errno);
      return Error::Exhausted("memory", "got " + reason + ", want " + std::to_string(size) + " bytes");
    }
    mappings_.push_back({start, size});
    madvise(start, size, MADV_HUGEPAGE);
    const uintptr_t first = (reinterpret_cast<uintptr_t>(start) + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
    next_ = reinterpret_cast<std::byte*>(first);
    end_ = static_cast<std::byte*>(start) + size;
  }
  return std::exchange(next_, next_ + wanted);
}

HugeArena::~HugeArena() {
  for (const Mapping& mapping : mappings_) munmap(mapping.start, mapping.size);
}

std::unique_ptr<PanelStore> PanelStore::Open(Files& files, const TensorFile& source, PanelStoreOptions options) {
  std::unique_ptr<PanelStore> store(new PanelStore(files, std::move(options), IdentityOf(files, source)));
  store->Load();
  return store;
}

void PanelStore::Load() {
  if (options_.path.empty()) return;
  auto mapped = MappedFile::Open(options_.path);
  if (!mapped.ok()) return;
  auto index = ReadPanelFile(mapped->bytes(), source_identity_);
  if (!index.ok()) return;
  mapped_ = std::move(mapped).value();
  stored_ = std::move(index).value();
}

Result<PackedMatrix> PanelStore::Panels(const Tensor& tensor) {
  if (const auto found = given_.find(tensor.name); found != given_.end()) return found->second;
  const std::string name(tensor.name);
  const auto kind = PanelKindOf(tensor.format->name);
  if (!kind) {
    return Error::Unsupported(name, "got format " + std::string(tensor.format->name) + ", want one with panels");
  }
  const int64_t n = tensor.rows();
  const int64_t k = tensor.columns();
  if (n <= 0 || k <= 0 || n > kMaxDimension || k > kMaxDimension ||
      name.size() > std::numeric_limits<uint16_t>::max()) {
    return Error::Invalid(name, "got shape " + tensor.ShapeText() + ", want a matrix up to 2^31 on a side");
  }
  const PackedMatrix wanted{.layout = PanelLayoutOf(*kind, k), .n = n, .k = k};
  const auto stored = stored_.find(name);
  const bool usable =
      stored != stored_.end() && stored->second.n == n && stored->second.k == k && stored->second.layout.kind == *kind;
  Result<PackedMatrix> packed = usable ? Take(stored->second) : Pack(tensor, wanted);
  if (!packed.ok()) return std::move(packed).error().Under(name);
  ++(usable ? num_loaded_ : num_packed_);
  given_.emplace(name, *packed);
  return packed;
}

Result<PackedMatrix> PanelStore::Take(const PackedMatrix& stored) {
  PackedMatrix taken = stored;
  if (!options_.read_into_memory) return taken;
  TRY(std::byte * memory, memory_.Allocate(stored.bytes()));
  std::memcpy(memory, stored.data, static_cast<size_t>(stored.bytes()));
  DropPages({stored.data, static_cast<size_t>(stored.bytes())});
  taken.data = memory;
  return taken;
}

Result<PackedMatrix> PanelStore::Pack(const Tensor& tensor, PackedMatrix packed) {
  TRY(std::byte * memory, memory_.Allocate(packed.bytes()));
  const int64_t row_bytes = tensor.row_bytes();
  std::vector<std::byte> turned(static_cast<size_t>(tensor.transposed ? row_bytes * kPanelRows : 0));
  for (int64_t p = 0; p < packed.num_panels(); ++p) {
    const int64_t begin = p * kPanelRows;
    const int64_t count = std::min<int64_t>(kPanelRows, packed.n - begin);
    if (tensor.transposed) CopyRows(tensor, begin, count, turned.data());
    const std::byte* rows = tensor.transposed ? turned.data() : tensor.bytes.data() + begin * row_bytes;
    PackPanel(tensor.format->name, rows, row_bytes, count, packed.k, memory + p * packed.layout.panel_bytes);
  }
  if (options_.drop_source_pages) DropPages(tensor.bytes);
  packed.data = memory;
  return packed;
}

int64_t PanelStore::panel_bytes() const {
  int64_t total = 0;
  for (const auto& [name, matrix] : given_) total += matrix.bytes();
  return total;
}

Result<void> PanelStore::Save() {
  if (options_.path.empty() || num_packed_ == 0) return {};
  TRY_VOID(files_.MakeFolders(FolderOf(options_.path)));
  RemoveLeftovers(files_, options_.path);
  const std::string temporary = options_.path + std::string(kTemporary) + std::to_string(getpid());
  Result<void> written = Write(temporary);
  if (written.ok()) written = files_.Rename(temporary, options_.path);
  if (!written.ok()) {
    (void)files_.Remove(temporary).ok();
    return written;
  }
  return files_.SyncFolder(FolderOf(options_.path));
}

Result<void> PanelStore::Write(const std::string& path) const {
  PanelIndex all = given_;
  all.insert(stored_.begin(), stored_.end());  // what this run did not touch; what it did comes first
  const PanelFilePlan plan = PlanPanelFile(all, source_identity_);
  TRY(auto file, files_.Open(path, FileMode::kReplace));
  for (const auto& [name, matrix] : all) {
    const std::span bytes(matrix.data, static_cast<size_t>(matrix.bytes()));
    TRY_VOID(file->WriteAt(plan.offsets.find(name)->second, bytes));
  }
  TRY_VOID(file->WriteAt(plan.index_offset, BytesOf(plan.index)));
  TRY_VOID(file->WriteAt(0, BytesOf(plan.header)));
  return file->Sync();
}

}  // namespace atelier
