#include "app/vector_store_view.h"

#include <utility>

#include "app/vector_store_corpora.h"
#include "app/vector_store_rows.h"
#include "knowledge/corpus/corpus_record.h"
#include "knowledge/index/filter_match.h"

namespace atelier {

Result<Access::View> ViewOfStore(App& app, const std::string& id, const std::string& key) {
  Result<std::string> owner = app.vector_stores().OwnerOf(id);
  if (!owner.ok() && owner.error().kind != ErrorKind::kNotFound) return owner.error();
  std::optional<Access::View> view = app.access()->ViewOf(key, id, owner.ok() ? *owner : "");
  if (!view) return vector_store_rows::NoStore(id);
  return std::move(*view);
}

Result<void> CheckMayChange(App& app, const std::string& id, const std::string& key) {
  TRY(const Access::View view, ViewOfStore(app, id, key));
  if (view.may_change) return {};
  TRY_VOID(app.vector_stores().OwnerOf(id));
  return Error::Denied("vector store '" + id + "'", "this key may read it, and change only what its user has made")
      .WithCode("forbidden");
}

bool ShowsFile(const Access::View& view, const VectorStoreFile& file) {
  if (view.sees_all()) return true;
  const std::string document = DocumentIdOf(file);
  Json attributes = file.attributes;
  attributes.Set(std::string(kDocumentAttribute), document);
  return FilterPasses(view.visible, DocumentRecordId(document), attributes);
}

Result<VectorStore> StoreAsSeen(App& app, VectorStore store, const Access::View& view) {
  if (view.sees_all()) return store;
  VectorFileQuery query;
  query.page.limit = kMaxFilesOfStore;
  query.shows = [&](const VectorStoreFile& file) { return ShowsFile(view, file); };
  TRY(const Page<VectorStoreFile> page, app.vector_stores().ListFiles(store.id, query));
  store.files = {}, store.usage_bytes = 0;
  for (const VectorStoreFile& file : page.items) {
    store.files.Add(file.status);
    if (!store.expired) store.usage_bytes += file.usage_bytes;
  }
  return store;
}

Result<VectorStoreFile> FileAsSeen(App& app, const Access::View& view, const std::string& id,
                                   const std::string& file_id) {
  TRY(VectorStoreFile file, app.vector_stores().GetFile(id, file_id));
  if (!ShowsFile(view, file)) return vector_store_rows::NoFile(file_id);
  return file;
}

}  // namespace atelier
