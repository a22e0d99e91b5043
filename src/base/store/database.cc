#include "base/store/database.h"

namespace atelier {

Result<std::unique_ptr<Database>> Database::Open(const std::string& path, const FilesVfs* vfs) {
  TRY(Db writer, Db::Open(path, {.synchronous = Synchronous::kFull, .vfs = vfs}));
  TRY(Db reader, Db::Open(path, {.synchronous = Synchronous::kFull, .read_only = true, .vfs = vfs}));
  return std::unique_ptr<Database>(new Database(std::move(writer), std::move(reader), vfs));
}

Result<void> Database::Migrate(std::string_view store, std::span<const std::string_view> migrations) {
  // On a connection of its own: a migration is a transaction, and so is each of the writer's groups.
  const std::string path = Read([](Db& db) { return db.path(); });
  TRY(Db db, Db::Open(path, {.synchronous = Synchronous::kFull, .vfs = vfs_}));
  return MigrateStore(db, store, migrations);
}

}  // namespace atelier
