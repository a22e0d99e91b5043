#include "base/store/files_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/check.h"

namespace atelier {
namespace {

constexpr int kMaxPath = 1024;

int CodeOf(const Error& error, int otherwise) { return error.kind == ErrorKind::kExhausted ? SQLITE_FULL : otherwise; }

// What all connections to one file share: who has it locked, and the index of its write-ahead log.
struct Shared {
  int num_open = 0;
  // The database's lock: so many have at least SHARED; of the others at most one has it.
  int num_shared = 0;
  const void *reserved = nullptr, *pending = nullptr, *exclusive = nullptr;
  std::vector<std::unique_ptr<std::byte[]>> index;  // regions of one size
  std::array<int, SQLITE_SHM_NLOCK> index_readers{};
  std::array<const void*, SQLITE_SHM_NLOCK> index_writer{};
};

}  // namespace

struct FilesVfs::Registered {
  explicit Registered(Files& of) : files(of) {}
  sqlite3_vfs vfs{};
  Files& files;
  std::string name;
  std::mutex mutex;
  std::map<std::string, Shared> shared;  // by path
  std::atomic<int64_t> num_temporary = 0;

  struct Open;
  static int OpenFile(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags);
  static int Delete(sqlite3_vfs* vfs, const char* path, int sync_folder);
  static int Access(sqlite3_vfs* vfs, const char* path, int flags, int* result);
  static int FullPathname(sqlite3_vfs* vfs, const char* path, int size, char* out);
  static const sqlite3_io_methods kMethods;
};

// A connection's view of a file. SQLite allocates the memory; methods are C's.
struct FilesVfs::Registered::Open : sqlite3_file {
  FilesVfs::Registered* of = nullptr;
  std::unique_ptr<File> file;
  std::string path;
  bool name_is_durable = true;
  bool delete_on_close = false;
  int level = SQLITE_LOCK_NONE;
  unsigned index_shared = 0, index_exclusive = 0;  // slots of the index's lock that it has, a bit each

  Shared& shared() { return of->shared.at(path); }  // with of->mutex

  static Open& Of(sqlite3_file* file) { return *static_cast<Open*>(file); }

  static int Close(sqlite3_file* file) {
    Open& open = Of(file);
    Unlock(file, SQLITE_LOCK_NONE);
    UnmapIndex(file, 0);
    {
      const std::lock_guard lock(open.of->mutex);
      if (--open.shared().num_open == 0) open.of->shared.erase(open.path);
    }
    open.file = nullptr;
    if (open.delete_on_close) static_cast<void>(open.of->files.Remove(open.path));
    open.~Open();
    return SQLITE_OK;
  }

  static int Read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
    const std::span dst(static_cast<std::byte*>(bytes), static_cast<size_t>(size));
    const Result<size_t> read = Of(file).file->ReadAt(offset, dst);
    if (!read.ok()) return SQLITE_IOERR_READ;
    if (*read == dst.size()) return SQLITE_OK;
    std::ranges::fill(dst.subspan(*read), std::byte{0});
    return SQLITE_IOERR_SHORT_READ;
  }

  static int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    const std::span src(static_cast<const std::byte*>(bytes), static_cast<size_t>(size));
    const Result<void> written = Of(file).file->WriteAt(offset, src);
    return written.ok() ? SQLITE_OK : CodeOf(written.error(), SQLITE_IOERR_WRITE);
  }

  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    return Of(file).file->Truncate(size).ok() ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
  }

  static int Sync(sqlite3_file* file, int /*flags*/) {
    Open& open = Of(file);
    if (!open.file->Sync().ok()) return SQLITE_IOERR_FSYNC;
    if (open.name_is_durable) return SQLITE_OK;
    if (!open.of->files.SyncFolder(FolderOf(open.path)).ok()) return SQLITE_IOERR_DIR_FSYNC;
    open.name_is_durable = true;
    return SQLITE_OK;
  }

  static int FileSize(sqlite3_file* file, sqlite3_int64* size) {
    const Result<int64_t> got = Of(file).file->Size();
    if (got.ok()) *size = *got;
    return got.ok() ? SQLITE_OK : SQLITE_IOERR_FSTAT;
  }

  // --- the database's lock                                                       [sqlite.org/lockingv3.html] ---

  static int Lock(sqlite3_file* file, int level) {
    Open& open = Of(file);
    const std::lock_guard lock(open.of->mutex);
    Shared& shared = open.shared();
    if (level <= open.level) return SQLITE_OK;
    const auto is_others = [&](const void* holder) { return holder != nullptr && holder != &open; };
    if (is_others(shared.exclusive) || (open.level == SQLITE_LOCK_NONE && is_others(shared.pending))) {
      return SQLITE_BUSY;
    }
    if (open.level == SQLITE_LOCK_NONE) ++shared.num_shared, open.level = SQLITE_LOCK_SHARED;
    if (level == SQLITE_LOCK_SHARED) return SQLITE_OK;
    if (is_others(shared.reserved) || is_others(shared.pending)) return SQLITE_BUSY;
    shared.reserved = &open, open.level = std::max(open.level, SQLITE_LOCK_RESERVED);
    if (level == SQLITE_LOCK_RESERVED) return SQLITE_OK;
    shared.pending = &open, open.level = std::max(open.level, SQLITE_LOCK_PENDING);
    if (level == SQLITE_LOCK_PENDING) return SQLITE_OK;
    if (shared.num_shared > 1) return SQLITE_BUSY;  // no new reader comes; those there are go
    shared.exclusive = &open, open.level = SQLITE_LOCK_EXCLUSIVE;
    return SQLITE_OK;
  }

  static int Unlock(sqlite3_file* file, int level) {
    Open& open = Of(file);
    const std::lock_guard lock(open.of->mutex);
    Shared& shared = open.shared();
    if (level >= open.level) return SQLITE_OK;
    for (const void** holder : {&shared.reserved, &shared.pending, &shared.exclusive}) {
      if (*holder == &open) *holder = nullptr;
    }
    if (level == SQLITE_LOCK_NONE) --shared.num_shared;
    open.level = level;
    return SQLITE_OK;
  }

  static int CheckReservedLock(sqlite3_file* file, int* result) {
    Open& open = Of(file);
    const std::lock_guard lock(open.of->mutex);
    *result = open.shared().reserved != nullptr ? 1 : 0;
    return SQLITE_OK;
  }

  // --- the index of the write-ahead log                                          [sqlite.org/walformat.html] ---

  static int MapIndex(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    Open& open = Of(file);
    const std::lock_guard lock(open.of->mutex);
    auto& index = open.shared().index;
    while (extend != 0 && index.size() <= static_cast<size_t>(region)) {
      index.push_back(std::make_unique<std::byte[]>(static_cast<size_t>(size)));  // zeros
    }
    *out = static_cast<size_t>(region) < index.size() ? index[static_cast<size_t>(region)].get() : nullptr;
    return SQLITE_OK;
  }

  static int LockIndex(sqlite3_file* file, int first, int num, int flags) {
    Open& open = Of(file);
    const std::lock_guard lock(open.of->mutex);
    Shared& shared = open.shared();
    const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
      for (int slot = first; slot < first + num; ++slot) open.LetGo(shared, slot);
      return SQLITE_OK;
    }
    for (int slot = first; slot < first + num; ++slot) {
      const auto at = static_cast<size_t>(slot);
      const int own = (open.index_shared >> slot & 1) != 0 ? 1 : 0;
      const void* const writer = shared.index_writer[at];
      if (writer != nullptr && writer != &open) return SQLITE_BUSY;
      if (exclusive && shared.index_readers[at] > own) return SQLITE_BUSY;
    }
    for (int slot = first; slot < first + num; ++slot) {
      const auto at = static_cast<size_t>(slot);
      const unsigned bit = 1U << slot;
      if (exclusive) {
        shared.index_writer[at] = &open, open.index_exclusive |= bit;
      } else if ((open.index_shared & bit) == 0) {
        ++shared.index_readers[at], open.index_shared |= bit;
      }
    }
    return SQLITE_OK;
  }

  void LetGo(Shared& shared, int slot) {
    const auto at = static_cast<size_t>(slot);
    const unsigned bit = 1U << slot;
    if ((index_exclusive & bit) != 0) shared.index_writer[at] = nullptr;
    if ((index_shared & bit) != 0) --shared.index_readers[at];
    index_exclusive &= ~bit, index_shared &= ~bit;
  }

  static void IndexBarrier(sqlite3_file* file) { const std::lock_guard lock(Of(file).of->mutex); }

  static int UnmapIndex(sqlite3_file* file, int /*remove*/) {
    Open& open = Of(file);
    const std::lock_guard lock(open.of->mutex);
    for (int slot = 0; slot < SQLITE_SHM_NLOCK; ++slot) open.LetGo(open.shared(), slot);
    return SQLITE_OK;
  }

  static int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int SectorSize(sqlite3_file*) { return 512; }
  // Without it SQLite pads the log to whole sectors with frames that it acknowledges before they are synced, and a sync
  // that fails then takes later commits with it.
  static int DeviceCharacteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }
};

const sqlite3_io_methods FilesVfs::Registered::kMethods{.iVersion = 2,
                                                        .xClose = Open::Close,
                                                        .xRead = Open::Read,
                                                        .xWrite = Open::Write,
                                                        .xTruncate = Open::Truncate,
                                                        .xSync = Open::Sync,
                                                        .xFileSize = Open::FileSize,
                                                        .xLock = Open::Lock,
                                                        .xUnlock = Open::Unlock,
                                                        .xCheckReservedLock = Open::CheckReservedLock,
                                                        .xFileControl = Open::FileControl,
                                                        .xSectorSize = Open::SectorSize,
                                                        .xDeviceCharacteristics = Open::DeviceCharacteristics,
                                                        .xShmMap = Open::MapIndex,
                                                        .xShmLock = Open::LockIndex,
                                                        .xShmBarrier = Open::IndexBarrier,
                                                        .xShmUnmap = Open::UnmapIndex,
                                                        .xFetch = nullptr,
                                                        .xUnfetch = nullptr};

int FilesVfs::Registered::OpenFile(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  auto& of = *static_cast<Registered*>(vfs->pAppData);
  file->pMethods = nullptr;  // nothing to close, so far
  const std::string name = path != nullptr ? path : "/sqlite-temporary-" + std::to_string(of.num_temporary++);
  const Result<FileInfo> known = of.files.Stat(name);
  if (!known.ok() && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
  if (known.ok() && (flags & SQLITE_OPEN_EXCLUSIVE) != 0) return SQLITE_CANTOPEN;
  const bool reads_only = (flags & SQLITE_OPEN_READONLY) != 0;
  Result<std::unique_ptr<File>> opened = of.files.Open(name, reads_only ? FileMode::kRead : FileMode::kUpdate);
  if (!opened.ok()) return SQLITE_CANTOPEN;
  auto* open = new (file) Open();
  open->pMethods = &kMethods;
  open->of = &of;
  open->file = std::move(*opened);
  open->path = name;
  // Whoever syncs first may not be who made it. As SQLite's own VFS, journals alone: they lie beside the database.
  constexpr int kJournals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
  open->name_is_durable = (flags & SQLITE_OPEN_CREATE) == 0 || (flags & kJournals) == 0;
  open->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  const std::lock_guard lock(of.mutex);
  ++of.shared[name].num_open;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int FilesVfs::Registered::Delete(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  auto& of = *static_cast<Registered*>(vfs->pAppData);
  const Result<void> removed = of.files.Remove(path);
  if (!removed.ok()) {
    return removed.error().kind == ErrorKind::kNotFound ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
  }
  if (sync_folder == 0) return SQLITE_OK;
  return of.files.SyncFolder(FolderOf(path)).ok() ? SQLITE_OK : SQLITE_IOERR_DIR_FSYNC;
}

int FilesVfs::Registered::Access(sqlite3_vfs* vfs, const char* path, int /*flags*/, int* result) {
  auto& of = *static_cast<Registered*>(vfs->pAppData);
  const Result<FileInfo> known = of.files.Stat(path);
  if (!known.ok() && known.error().kind != ErrorKind::kNotFound) return SQLITE_IOERR_ACCESS;
  *result = known.ok() ? 1 : 0;
  return SQLITE_OK;
}

int FilesVfs::Registered::FullPathname(sqlite3_vfs* /*vfs*/, const char* path, int size, char* out) {
  if (std::strlen(path) >= static_cast<size_t>(size)) return SQLITE_CANTOPEN;
  std::memcpy(out, path, std::strlen(path) + 1);
  return SQLITE_OK;
}

FilesVfs::FilesVfs(Files& files) : registered_(std::make_unique<Registered>(files)) {
  static std::atomic<int64_t> num_made = 0;
  CHECK(sqlite3_initialize() == SQLITE_OK);
  sqlite3_vfs& vfs = registered_->vfs;
  vfs = *sqlite3_vfs_find(nullptr);  // time, chance and sleep are the machine's
  registered_->name = "files-" + std::to_string(num_made++);
  vfs.szOsFile = sizeof(Registered::Open);
  vfs.mxPathname = kMaxPath;
  vfs.pNext = nullptr;
  vfs.zName = registered_->name.c_str();
  vfs.pAppData = registered_.get();
  vfs.xOpen = Registered::OpenFile;
  vfs.xDelete = Registered::Delete;
  vfs.xAccess = Registered::Access;
  vfs.xFullPathname = Registered::FullPathname;
  CHECK(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
}

FilesVfs::~FilesVfs() {
  CHECK_MSG(registered_->shared.empty(), "a database is still open");
  CHECK(sqlite3_vfs_unregister(&registered_->vfs) == SQLITE_OK);
}

const char* FilesVfs::name() const { return registered_->vfs.zName; }

}  // namespace atelier
