// /v1/files                                                              [OpenAI API reference, "Files"]
#include <charconv>

#include "app/access.h"
#include "app/vector_store_corpora.h"
#include "app/vector_stores.h"
#include "base/task/pool.h"
#include "serve/errors.h"
#include "serve/file_body.h"
#include "serve/form_body.h"
#include "serve/listing.h"
#include "serve/resource.h"

namespace atelier {
namespace {

constexpr int64_t kFormBytes = 256 << 10;  // of a form, beside its file
constexpr size_t kReadBytes = 256 << 10;
constexpr ListingRules kRules{.default_limit = 10'000, .max_limit = 10'000, .ascending = false};

std::shared_ptr<BodyTaker> TakeForm(const HttpRequest& http, App& app) {
  return std::make_shared<FormBody>(http.headers.Get("Content-Type"), "file", app.files());
}

int64_t MaxBytes(const App& app) { return app.config().files.max_file_mib * (1 << 20) + kFormBytes; }

// Of a form's "expires_after[anchor]" and "expires_after[seconds]".
Result<std::optional<ExpiresAfter>> ReadExpiry(const FormBody& form) {
  const std::string anchor = form.Field("expires_after[anchor]"), seconds = form.Field("expires_after[seconds]");
  if (anchor.empty() && seconds.empty()) return std::optional<ExpiresAfter>();
  Json json = Json::Object({{"anchor", anchor}, {"seconds", seconds}});
  int64_t number = 0;
  const auto [end, fault] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), number);
  if (fault == std::errc() && end == seconds.data() + seconds.size()) json.Set("seconds", number);
  Result<ExpiresAfter> expiry = ReadJson<ExpiresAfter>(json);
  if (!expiry.ok()) return std::move(expiry).error().Under("expires_after");
  return std::optional<ExpiresAfter>(std::move(*expiry));
}

Result<StoredFile> KeepForm(FormBody& form, const std::string& owner, FileStore& store) {
  TRY_VOID(form.End());
  for (const auto& [name, value] : form.fields()) {
    if (name == "purpose" || name.starts_with("expires_after[")) continue;
    return Error::Invalid(name.substr(0, 64), "unknown parameter, want file, purpose or expires_after")
        .WithCode("unknown_parameter");
  }
  StoredFile about;
  about.filename = form.filename();
  about.owner = owner;
  about.purpose = form.Field("purpose");
  TRY_VOID(CheckPurpose(about.purpose));
  TRY(const auto expires_after, ReadExpiry(form));
  if (const auto seconds = SecondsOfLife(about.purpose, expires_after)) about.expires_unix = store.Now() + *seconds;
  return store.Keep(form.TakeFile(), std::move(about));
}

Task<HttpResponse> CreateFile(HttpRequest http, App& app) {
  auto keep = [&] {
    if (http.taker == nullptr) return Result<StoredFile>(Error::Invalid("body", "got none, want multipart/form-data"));
    return KeepForm(static_cast<FormBody&>(*http.taker), app.access()->UserOf(http.call.principal), app.files());
  };
  auto waiting = OnPool(app.pool(), keep);
  const Result<StoredFile> file = co_await waiting;
  if (!file.ok()) co_return ErrorResponse(file.error());
  co_return JsonResponse(FileBody(*file));
}

Task<HttpResponse> ListFiles(HttpRequest http, App& app) {
  const Result<PageQuery> query = ReadPageQuery(http, kRules);
  if (!query.ok()) co_return ErrorResponse(query.error());
  auto list = [&] {
    const std::shared_ptr<const Access> access = app.access();
    const auto shows = [&](const StoredFile& file) { return access->Owns(http.call.principal, file.owner); };
    return app.files().List(std::string(http.Query("purpose")), *query, shows);
  };
  auto waiting = OnPool(app.pool(), list);
  const Result<Page<StoredFile>> page = co_await waiting;
  if (!page.ok()) co_return ErrorResponse(page.error());
  Json data = Json::Array();
  for (const StoredFile& file : page->items) data.Push(FileBody(file));
  co_return JsonResponse(ListBody(std::move(data), page->has_more));
}

Task<HttpResponse> RetrieveFile(HttpRequest http, App& app) {
  auto get = [&] { return SeenFile(app, std::string(http.Path("id")), http.call.principal); };
  auto waiting = OnPool(app.pool(), get);
  const Result<StoredFile> file = co_await waiting;
  if (!file.ok()) co_return ErrorResponse(file.error());
  co_return JsonResponse(FileBody(*file));
}

// A file that goes leaves every vector store.
Result<void> RemoveFile(App& app, const std::string& id, const std::string& key) {
  TRY_VOID(SeenFile(app, id, key));
  TRY(const std::vector<std::string> stores, app.vector_stores().StoresWith(id));
  for (const std::string& store : stores) TRY_VOID(app.vector_store_corpora().RemoveFile(store, id));
  return app.files().Remove(id);
}

Task<HttpResponse> DeleteFile(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  auto remove = [&] { return RemoveFile(app, id, http.call.principal); };
  auto waiting = OnPool(app.pool(), remove);
  const Result<void> removed = co_await waiting;
  if (!removed.ok()) co_return ErrorResponse(removed.error());
  co_return JsonResponse(Json::Object({{"id", id}, {"object", "file"}, {"deleted", true}}));
}

// Piece by piece, no faster than the client takes it.
Task<void> SendContent(App& app, std::shared_ptr<File> file, BodyWriter writer) {
  std::string piece(kReadBytes, '\0');
  for (int64_t offset = 0;;) {
    auto read = [&] { return file->ReadAt(offset, std::as_writable_bytes(std::span(piece))); };
    auto waiting = OnPool(app.pool(), read);
    const Result<size_t> got = co_await waiting;
    if (!got.ok() || *got == 0) co_return;
    offset += static_cast<int64_t>(*got);
    if (!writer.Write(std::string_view(piece).substr(0, *got)) || !co_await writer.Flush()) co_return;
  }
}

Task<HttpResponse> RetrieveContent(HttpRequest http, App& app) {
  auto open = [&]() -> Result<std::unique_ptr<File>> {
    TRY(const StoredFile file, SeenFile(app, std::string(http.Path("id")), http.call.principal));
    return app.files().OpenContent(file.id);
  };
  auto waiting = OnPool(app.pool(), open);
  Result<std::unique_ptr<File>> opened = co_await waiting;
  if (!opened.ok()) co_return ErrorResponse(opened.error());
  const std::shared_ptr<File> file = std::move(*opened);
  HttpResponse response;
  response.headers.Set("Content-Type", "application/octet-stream");
  response.headers.Set("X-Content-Type-Options", "nosniff");
  response.stream = [&app, file](BodyWriter writer) { return SendContent(app, file, std::move(writer)); };
  co_return response;
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/files", "Keep a file (multipart/form-data: file, purpose, expires_after)", CreateFile, nullptr, false,
     TakeForm, MaxBytes},
    {"GET", "/v1/files", "All files, newest first (after, limit, order, purpose)", ListFiles},
    {"GET", "/v1/files/{id}", "One file's name, purpose and size", RetrieveFile},
    {"DELETE", "/v1/files/{id}", "Remove a file", DeleteFile},
    {"GET", "/v1/files/{id}/content", "A file's bytes", RetrieveContent},
};

}  // namespace

extern const Resource resource_files{kRoutes};

}  // namespace atelier
