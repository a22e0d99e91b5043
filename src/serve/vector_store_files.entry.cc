// /v1/vector_stores/{id}/files                              [OpenAI API reference, "Vector store files"]
#include <limits>
#include <utility>

#include "app/vector_store_corpora.h"
#include "app/vector_store_view.h"
#include "app/vector_stores.h"
#include "base/task/pool.h"
#include "knowledge/corpus/corpus_record.h"
#include "serve/attached_files.h"
#include "serve/attribute_filter.h"
#include "serve/errors.h"
#include "serve/resource.h"
#include "serve/vector_store_body.h"

namespace atelier {
namespace {

struct FileUpdateBody {
  Json attributes;
  static Fields Describe();
};

Fields FileUpdateBody::Describe() {
  static constexpr Field fields[] = {
      Key<&FileUpdateBody::attributes>("attributes", "in place of those before; null: none"),
  };
  return fields;
}

Task<HttpResponse> AttachFile(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  const Result<Parsed<StoreFileBody>> parsed = ParseBody<StoreFileBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  auto work = [&]() -> Result<Json> {
    TRY_VOID(CheckMayChange(app, id, http.call.principal));
    TRY(auto files, AttachedFiles(app, {parsed->body}, "", http.call.principal));
    const std::string file_id = files[0].id;
    TRY_VOID(app.vector_stores().Attach(id, std::move(files)));
    TRY(const VectorStoreFile file, app.vector_stores().GetFile(id, file_id));
    return StoreFileJson(file);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> ListStoreFiles(HttpRequest http, App& app) {
  Result<VectorFileQuery> query = ReadFileQuery(http);
  const Result<BothWays> ways = ReadBothWays(http);
  if (!ways.ok()) co_return ErrorResponse(ways.error());
  if (!query.ok()) co_return ErrorResponse(query.error());
  const std::string id(http.Path("id"));
  auto work = [&]() -> Result<Json> {
    TRY(const Access::View view, ViewOfStore(app, id, http.call.principal));
    if (!view.sees_all()) query->shows = [&](const VectorStoreFile& file) { return ShowsFile(view, file); };
    return ListedFiles(app, id, *query, *ways);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> RetrieveStoreFile(HttpRequest http, App& app) {
  const std::string id(http.Path("id")), file_id(http.Path("file_id"));
  auto work = [&]() -> Result<Json> {
    TRY(const Access::View view, ViewOfStore(app, id, http.call.principal));
    TRY(const VectorStoreFile file, FileAsSeen(app, view, id, file_id));
    return StoreFileJson(file);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> UpdateStoreFile(HttpRequest http, App& app) {
  const std::string id(http.Path("id")), file_id(http.Path("file_id"));
  const Result<Parsed<FileUpdateBody>> parsed = ParseBody<FileUpdateBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const Result<Json> given = ParseJsonBody(http);
  if (given.ok() && !given->Has("attributes")) {
    const Error missing = Error::Invalid("attributes", "got nothing, want an object or null");
    co_return ErrorResponse(Error(missing).WithCode("missing_required_parameter"));
  }
  const Result<Json> attributes = ReadAttributes(parsed->body.attributes, "attributes");
  if (!attributes.ok()) co_return ErrorResponse(attributes.error());
  auto work = [&]() -> Result<Json> {
    TRY_VOID(CheckMayChange(app, id, http.call.principal));
    TRY_VOID(app.vector_store_corpora().SetAttributes(id, file_id, *attributes));
    TRY(const VectorStoreFile file, app.vector_stores().GetFile(id, file_id));
    return StoreFileJson(file);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> RemoveStoreFile(HttpRequest http, App& app) {
  const std::string id(http.Path("id")), file_id(http.Path("file_id"));
  auto work = [&]() -> Result<Json> {
    TRY_VOID(CheckMayChange(app, id, http.call.principal));
    TRY_VOID(app.vector_store_corpora().RemoveFile(id, file_id));
    return Json::Object({{"id", file_id}, {"object", "vector_store.file.deleted"}, {"deleted", true}});
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

// The text that was read from a file, a part a document: an archive has several.
Result<Json> ContentOf(App& app, const std::string& id, const std::string& file_id, const std::string& key) {
  TRY(const Access::View view, ViewOfStore(app, id, key));
  TRY(const VectorStoreFile file, FileAsSeen(app, view, id, file_id));
  Json data = Json::Array();
  if (file.status == "completed") {
    TRY(const std::shared_ptr<OpenedCorpus> corpus, app.vector_store_corpora().Open(id));
    Filter of_file;
    of_file.op = Filter::Op::kEq, of_file.key = kSourceAttribute, of_file.values = {Json(file_id)};
    TRY(const auto documents, corpus->corpus->List(of_file, view.visible, "", std::numeric_limits<int32_t>::max()));
    for (const DocumentListing& document : documents) {
      TRY(std::string text, corpus->corpus->Read(document.id, {0, document.num_bytes}, view.visible));
      data.Push(Json::Object({{"type", "text"}, {"text", std::move(text)}}));
    }
  }
  Json page = Json::Object({{"object", "vector_store.file_content.page"}});
  page.Set("data", std::move(data));
  page.Set("has_more", false);
  page.Set("next_page", nullptr);
  return page;
}

Task<HttpResponse> RetrieveStoreFileContent(HttpRequest http, App& app) {
  const std::string id(http.Path("id")), file_id(http.Path("file_id"));
  auto work = [&] { return ContentOf(app, id, file_id, http.call.principal); };
  co_return co_await AnswerOnPool(app, std::move(work));
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/vector_stores/{id}/files", "Put a file of /v1/files into a vector store", AttachFile,
     JsonSchema<StoreFileBody>},
    {"GET", "/v1/vector_stores/{id}/files", "The files of a store, newest first (after, before, limit, order, filter)",
     ListStoreFiles},
    {"GET", "/v1/vector_stores/{id}/files/{file_id}", "One file of a store, and how far it has come",
     RetrieveStoreFile},
    {"POST", "/v1/vector_stores/{id}/files/{file_id}", "Change the attributes of a file", UpdateStoreFile,
     JsonSchema<FileUpdateBody>},
    {"DELETE", "/v1/vector_stores/{id}/files/{file_id}", "Take a file out of a store; it stays in /v1/files",
     RemoveStoreFile},
    {"GET", "/v1/vector_stores/{id}/files/{file_id}/content", "The text that was read from a file",
     RetrieveStoreFileContent},
};

}  // namespace

extern const Resource resource_vector_store_files{kRoutes};

}  // namespace atelier
