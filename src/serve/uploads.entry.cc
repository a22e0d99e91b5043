// /v1/uploads: a file in parts                                           [OpenAI API reference, "Uploads"]
#include "app/access.h"
#include "app/upload_store.h"
#include "base/task/pool.h"
#include "serve/errors.h"
#include "serve/file_body.h"
#include "serve/form_body.h"
#include "serve/resource.h"

namespace atelier {
namespace {

struct UploadBody {
  int64_t bytes = 0;
  std::string filename, mime_type, purpose;
  std::optional<ExpiresAfter> expires_after;
  static Fields Describe();
};

Fields UploadBody::Describe() {
  using B = UploadBody;
  static constexpr Field fields[] = {
      Key<&B::bytes>("bytes", "of the whole file").Between(0, 1e15).Required(),
      Key<&B::filename>("filename", "of the file that the parts make").Required().AtMostBytes(1024),
      Key<&B::mime_type>("mime_type", "kept with the upload").Required().AtMostBytes(256),
      Key<&B::purpose>("purpose", "of the file, as in /v1/files").Required(),
      Key<&B::expires_after>("expires_after", "when the file goes by itself"),
  };
  return fields;
}

struct CompleteBody {
  std::vector<std::string> part_ids;
  std::optional<std::string> md5;
  static Fields Describe();
};

Fields CompleteBody::Describe() {
  using B = CompleteBody;
  static constexpr Field fields[] = {
      Key<&B::part_ids>("part_ids", "in the order of the file").Required().AtMostItems(UploadStore::kMaxParts),
      Key<&B::md5>("md5", "of the whole file, to be checked"),
  };
  return fields;
}

// `file` is null where there is none.
Json UploadJson(const StoredUpload& upload, Json file) {
  Json body = Json::Object({{"id", upload.id},
                            {"object", "upload"},
                            {"bytes", upload.num_bytes},
                            {"created_at", upload.created_unix},
                            {"expires_at", upload.expires_unix},
                            {"filename", upload.filename},
                            {"purpose", upload.purpose},
                            {"status", upload.status}});
  body.Set("file", std::move(file));
  return body;
}

Result<Json> CreateFrom(const UploadBody& body, App& app) {
  TRY_VOID(CheckPurpose(body.purpose));
  StoredUpload about;
  about.filename = body.filename;
  about.purpose = body.purpose;
  about.mime_type = body.mime_type;
  about.num_bytes = body.bytes;
  about.file_expires_after = SecondsOfLife(body.purpose, body.expires_after);
  TRY(const StoredUpload upload, app.uploads().Create(std::move(about)));
  return UploadJson(upload, Json());
}

Result<Json> PartFrom(const std::string& upload_id, FormBody* form, App& app) {
  if (form == nullptr) return Error::Invalid("body", "got none, want multipart/form-data");
  TRY_VOID(form->End());
  TRY(const UploadPart part, app.uploads().AddPart(upload_id, form->TakeFile()));
  return Json::Object(
      {{"id", part.id}, {"object", "upload.part"}, {"created_at", part.created_unix}, {"upload_id", part.upload_id}});
}

Result<Json> CompleteFrom(const std::string& id, const CompleteBody& body, const std::string& key, App& app) {
  const std::string owner = app.access()->UserOf(key);
  TRY(const StoredUpload upload, app.uploads().Complete(id, body.part_ids, body.md5.value_or(""), owner));
  TRY(const StoredFile file, app.files().Get(upload.file_id));
  return UploadJson(upload, FileBody(file));
}

// Work that blocks and ends in a body, or in an error.
template <class Work>
Task<HttpResponse> Answer(App& app, Work work) {
  auto waiting = OnPool(app.pool(), std::move(work));
  const Result<Json> body = co_await waiting;
  co_return body.ok() ? JsonResponse(*body) : ErrorResponse(body.error());
}

Task<HttpResponse> CreateUpload(HttpRequest http, App& app) {
  const auto parsed = ParseBody<UploadBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  co_return co_await Answer(app, [&] { return CreateFrom(parsed->body, app); });
}

std::shared_ptr<BodyTaker> TakePart(const HttpRequest& http, App& app) {
  return std::make_shared<FormBody>(http.headers.Get("Content-Type"), "data", app.files());
}

int64_t MaxPartBytes(const App& /*app*/) { return UploadStore::kMaxPartBytes + (64 << 10); }

Task<HttpResponse> AddPart(HttpRequest http, App& app) {
  co_return co_await Answer(
      app, [&] { return PartFrom(std::string(http.Path("id")), static_cast<FormBody*>(http.taker.get()), app); });
}

Task<HttpResponse> CompleteUpload(HttpRequest http, App& app) {
  const auto parsed = ParseBody<CompleteBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const std::string id(http.Path("id")), key = http.call.principal;
  co_return co_await Answer(app, [&] { return CompleteFrom(id, parsed->body, key, app); });
}

Task<HttpResponse> CancelUpload(HttpRequest http, App& app) {
  co_return co_await Answer(app, [&]() -> Result<Json> {
    TRY(const StoredUpload upload, app.uploads().Cancel(std::string(http.Path("id"))));
    return UploadJson(upload, Json());
  });
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/uploads", "Begin a file that comes in parts", CreateUpload, JsonSchema<UploadBody>},
    {"POST", "/v1/uploads/{id}/parts", "Add a part (multipart/form-data: data)", AddPart, nullptr, false, TakePart,
     MaxPartBytes},
    {"POST", "/v1/uploads/{id}/complete", "Join the parts into a file", CompleteUpload, JsonSchema<CompleteBody>},
    {"POST", "/v1/uploads/{id}/cancel", "Forget the parts", CancelUpload},
};

}  // namespace

extern const Resource resource_uploads{kRoutes};

}  // namespace atelier
