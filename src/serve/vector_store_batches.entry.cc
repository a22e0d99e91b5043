// /v1/vector_stores/{id}/file_batches, for those who may change the store
//                                                   [OpenAI API reference, "Vector store file batches"]
#include <utility>

#include "app/vector_store_corpora.h"
#include "app/vector_store_view.h"
#include "app/vector_stores.h"
#include "base/task/pool.h"
#include "serve/attached_files.h"
#include "serve/errors.h"
#include "serve/resource.h"
#include "serve/vector_store_body.h"

namespace atelier {
namespace {

constexpr int64_t kMaxFiles = 2000;

struct FileBatchBody {
  std::vector<std::string> file_ids;
  std::vector<StoreFileBody> files;
  Json attributes;
  std::optional<ChunkingBody> chunking_strategy;
  static Fields Describe();
};

Fields FileBatchBody::Describe() {
  using B = FileBatchBody;
  static constexpr Field fields[] = {
      Key<&B::file_ids>("file_ids", "files of /v1/files, all with the attributes and chunking below")
          .AtMostItems(kMaxFiles),
      Key<&B::files>("files", "instead of file_ids: files with attributes and chunking of their own")
          .AtMostItems(kMaxFiles),
      Key<&B::attributes>("attributes", "of each of file_ids"),
      Key<&B::chunking_strategy>("chunking_strategy", "of each of file_ids"),
  };
  return fields;
}

Result<std::vector<VectorStoreFile>> FilesOf(App& app, const FileBatchBody& body, const std::string& principal) {
  if (body.file_ids.empty() == body.files.empty()) {
    return Error::Invalid("file_ids", body.files.empty() ? "got no files, want file_ids or files"
                                                         : "got them beside files, want one of the two")
        .WithCode("invalid_value");
  }
  if (!body.files.empty()) return AttachedFiles(app, body.files, "files", principal);
  std::vector<StoreFileBody> files;
  for (const std::string& id : body.file_ids) files.push_back({id, body.attributes, body.chunking_strategy});
  return AttachedFiles(app, files, "file_ids", principal);
}

Task<HttpResponse> CreateFileBatch(HttpRequest http, App& app) {
  const Result<Parsed<FileBatchBody>> parsed = ParseBody<FileBatchBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const std::string id(http.Path("id"));
  auto work = [&]() -> Result<Json> {
    TRY_VOID(CheckMayChange(app, id, http.call.principal));
    TRY(auto files, FilesOf(app, parsed->body, http.call.principal));
    TRY(const VectorFileBatch batch, app.vector_stores().AttachBatch(id, std::move(files)));
    return FileBatchJson(batch);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> RetrieveFileBatch(HttpRequest http, App& app) {
  const std::string id(http.Path("id")), batch_id(http.Path("batch_id"));
  auto work = [&]() -> Result<Json> {
    TRY_VOID(CheckMayChange(app, id, http.call.principal));
    TRY(const VectorFileBatch batch, app.vector_stores().GetBatch(id, batch_id));
    return FileBatchJson(batch);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> CancelFileBatch(HttpRequest http, App& app) {
  const std::string id(http.Path("id")), batch_id(http.Path("batch_id"));
  auto work = [&]() -> Result<Json> {
    TRY_VOID(CheckMayChange(app, id, http.call.principal));
    TRY(const VectorFileBatch batch, app.vector_store_corpora().CancelBatch(id, batch_id));
    return FileBatchJson(batch);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> ListBatchFiles(HttpRequest http, App& app) {
  Result<VectorFileQuery> query = ReadFileQuery(http);
  const Result<BothWays> ways = ReadBothWays(http);
  if (!ways.ok()) co_return ErrorResponse(ways.error());
  if (!query.ok()) co_return ErrorResponse(query.error());
  query->batch_id = http.Path("batch_id");
  const std::string id(http.Path("id"));
  auto work = [&]() -> Result<Json> {
    TRY_VOID(CheckMayChange(app, id, http.call.principal));
    return ListedFiles(app, id, *query, *ways);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/vector_stores/{id}/file_batches", "Put many files of /v1/files into a vector store", CreateFileBatch,
     JsonSchema<FileBatchBody>},
    {"GET", "/v1/vector_stores/{id}/file_batches/{batch_id}", "How far a batch of files has come", RetrieveFileBatch},
    {"POST", "/v1/vector_stores/{id}/file_batches/{batch_id}/cancel", "Stop a batch; files that are in stay in",
     CancelFileBatch},
    {"GET", "/v1/vector_stores/{id}/file_batches/{batch_id}/files",
     "The files of a batch, newest first (after, before, limit, order, filter)", ListBatchFiles},
};

}  // namespace

extern const Resource resource_vector_store_batches{kRoutes};

}  // namespace atelier
