#include "serve/attached_files.h"

#include <algorithm>
#include <set>
#include <utility>

#include "app/file_store.h"
#include "serve/attribute_filter.h"
#include "serve/file_body.h"

namespace atelier {
namespace {

Result<VectorStoreFile> AttachedFile(App& app, const StoreFileBody& body, const std::string& id_name,
                                     const std::string& principal) {
  VectorStoreFile file;
  const Result<StoredFile> stored = SeenFile(app, body.file_id, principal);
  if (!stored.ok() && stored.error().kind == ErrorKind::kNotFound) {
    return Error::NotFound(id_name, "got '" + body.file_id.substr(0, 64) + "', want the id of a file of /v1/files");
  }
  TRY_VOID(stored);
  file.id = stored->id, file.filename = stored->filename;
  TRY(file.attributes, ReadAttributes(body.attributes, "attributes"));
  TRY(file.chunking, ReadChunking(body.chunking_strategy));
  return file;
}

}  // namespace

Result<std::vector<VectorStoreFile>> AttachedFiles(App& app, const std::vector<StoreFileBody>& files,
                                                   const std::string& where, const std::string& principal) {
  std::vector<VectorStoreFile> attached;
  std::set<std::string_view> ids;
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string place = where.empty() ? "" : where + "[" + std::to_string(i) + "]";
    if (!ids.insert(files[i].file_id).second) {
      return Error::Invalid(place, "got '" + files[i].file_id.substr(0, 64) + "' again, want each file once")
          .WithCode("invalid_value");
    }
    // A list of ids has no members to name.
    Result<VectorStoreFile> file = AttachedFile(app, files[i], where == "file_ids" ? "" : "file_id", principal);
    if (!file.ok()) return place.empty() ? file.error() : std::move(file).error().Under(place);
    file->principal = principal;
    attached.push_back(std::move(*file));
  }
  return attached;
}

Result<VectorFileQuery> ReadFileQuery(const HttpRequest& http) {
  static constexpr std::string_view kStates[] = {"in_progress", "completed", "failed", "cancelled"};
  VectorFileQuery query;
  query.status = http.Query("filter");
  if (query.status.empty() || std::ranges::find(kStates, query.status) != std::ranges::end(kStates)) return query;
  return Error::Invalid("filter",
                        "got '" + query.status.substr(0, 32) + "', want in_progress, completed, failed or cancelled")
      .WithCode("invalid_value");
}

Result<Json> ListedFiles(App& app, const std::string& store_id, VectorFileQuery query, const BothWays& ways) {
  const auto list = [&](const PageQuery& page) {
    query.page = page;
    return app.vector_stores().ListFiles(store_id, query);
  };
  return ListedPage<VectorStoreFile>(ways, list, StoreFileJson);
}

}  // namespace atelier
