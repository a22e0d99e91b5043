// /v1/batches                                                            [OpenAI API reference, "Batch"]
#include <map>

#include "app/access.h"
#include "app/batch_store.h"
#include "app/file_store.h"
#include "base/task/pool.h"
#include "serve/batch_runner.h"
#include "serve/errors.h"
#include "serve/file_body.h"
#include "serve/listing.h"
#include "serve/resource.h"

namespace atelier {
namespace {

constexpr int64_t kWindowSeconds = 24 * 3600;
constexpr ListingRules kRules{.default_limit = 20, .max_limit = 100, .ascending = false};

struct BatchBody {
  std::string input_file_id, endpoint, completion_window;
  std::map<std::string, std::string> metadata;
  std::optional<ExpiresAfter> output_expires_after;
  static Fields Describe();
};

Fields BatchBody::Describe() {
  using B = BatchBody;
  static constexpr Field fields[] = {
      Key<&B::input_file_id>("input_file_id", "a file of purpose batch: a request a line").Required(),
      Key<&B::endpoint>("endpoint", "what answers each line")
          .OneOf("/v1/chat/completions|/v1/completions|/v1/embeddings|/v1/responses")
          .Required(),
      Key<&B::completion_window>("completion_window", "time that the batch may take").OneOf("24h").Required(),
      Key<&B::metadata>("metadata", "kept with the batch").AtMostItems(16).AtMostBytes(512),
      Key<&B::output_expires_after>("output_expires_after", "when the output files go by themselves"),
  };
  return fields;
}

Json UsageOf(const StoredBatch& batch) {
  return Json::Object({{"input_tokens", batch.input_tokens},
                       {"input_tokens_details", Json::Object({{"cached_tokens", batch.cached_tokens}})},
                       {"output_tokens", batch.output_tokens},
                       {"output_tokens_details", Json::Object({{"reasoning_tokens", batch.reasoning_tokens}})},
                       {"total_tokens", batch.input_tokens + batch.output_tokens}});
}

Json BatchJson(const StoredBatch& batch) {
  Json errors;
  if (batch.errors.is_array()) errors = Json::Object({{"object", "list"}, {"data", batch.errors}});
  Json counts =
      Json::Object({{"total", batch.num_total}, {"completed", batch.num_completed}, {"failed", batch.num_failed}});
  return Json::Object({{"id", batch.id},
                       {"object", "batch"},
                       {"endpoint", batch.endpoint},
                       {"model", batch.model.empty() ? Json() : Json(batch.model)},
                       {"errors", errors},
                       {"input_file_id", batch.input_file_id},
                       {"completion_window", batch.completion_window},
                       {"status", batch.status},
                       {"output_file_id", batch.output_file_id},
                       {"error_file_id", batch.error_file_id},
                       {"created_at", batch.created},
                       {"in_progress_at", batch.in_progress},
                       {"expires_at", batch.expires},
                       {"finalizing_at", batch.finalizing},
                       {"completed_at", batch.completed},
                       {"failed_at", batch.failed},
                       {"expired_at", batch.expired},
                       {"cancelling_at", batch.cancelling},
                       {"cancelled_at", batch.cancelled},
                       {"request_counts", counts},
                       {"usage", UsageOf(batch)},
                       {"metadata", batch.metadata}});
}

Result<StoredBatch> Create(const BatchBody& body, const std::string& key, App& app) {
  const Result<StoredFile> file = SeenFile(app, body.input_file_id, key);
  if (!file.ok()) return Error::Invalid("input_file_id", "got '" + body.input_file_id.substr(0, 64) + "', want a file");
  if (file->purpose != "batch") {
    return Error::Invalid("input_file_id", "got a file of purpose " + file->purpose + ", want one of purpose batch");
  }
  StoredBatch batch;
  batch.endpoint = body.endpoint;
  batch.input_file_id = body.input_file_id;
  batch.completion_window = body.completion_window;
  if (!body.metadata.empty()) batch.metadata = TextsBody(body.metadata);
  if (body.output_expires_after) batch.output_expires_after = body.output_expires_after->seconds;
  batch.expires = app.batches().Now() + kWindowSeconds;
  batch.principal = key, batch.owner = app.access()->UserOf(key);
  return app.batches().Create(std::move(batch));
}

// A batch is its maker's alone, as files are.
Result<StoredBatch> SeenBatch(App& app, const HttpRequest& http) {
  const std::string id(http.Path("id"));
  TRY(StoredBatch batch, app.batches().Get(id));
  if (!app.access()->Owns(http.call.principal, batch.owner)) return NoSuchBatch(id);
  return batch;
}

// Work that blocks and ends in a batch.
template <class Work>
Task<HttpResponse> AnswerBatch(App& app, Work work) {
  auto waiting = OnPool(app.pool(), std::move(work));
  const Result<StoredBatch> batch = co_await waiting;
  co_return batch.ok() ? JsonResponse(BatchJson(*batch)) : ErrorResponse(batch.error());
}

Task<HttpResponse> CreateBatch(HttpRequest http, App& app) {
  const auto parsed = ParseBody<BatchBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  co_return co_await AnswerBatch(app, [&] { return Create(parsed->body, http.call.principal, app); });
}

Task<HttpResponse> RetrieveBatch(HttpRequest http, App& app) {
  co_return co_await AnswerBatch(app, [&] { return SeenBatch(app, http); });
}

Task<HttpResponse> CancelBatch(HttpRequest http, App& app) {
  auto cancel = [&]() -> Result<StoredBatch> {
    TRY(const StoredBatch batch, SeenBatch(app, http));
    return app.batches().Cancel(batch.id);
  };
  co_return co_await AnswerBatch(app, cancel);
}

Task<HttpResponse> ListBatches(HttpRequest http, App& app) {
  const Result<PageQuery> query = ReadPageQuery(http, kRules);
  if (!query.ok()) co_return ErrorResponse(query.error());
  auto list = [&] {
    const std::shared_ptr<const Access> access = app.access();
    return app.batches().List(*query,
                              [&](const StoredBatch& batch) { return access->Owns(http.call.principal, batch.owner); });
  };
  auto waiting = OnPool(app.pool(), list);
  const Result<Page<StoredBatch>> page = co_await waiting;
  if (!page.ok()) co_return ErrorResponse(page.error());
  Json data = Json::Array();
  for (const StoredBatch& batch : page->items) data.Push(BatchJson(batch));
  co_return JsonResponse(ListBody(std::move(data), page->has_more));
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/batches", "Answer a file of requests", CreateBatch, JsonSchema<BatchBody>},
    {"GET", "/v1/batches", "All batches, newest first (after, limit)", ListBatches},
    {"GET", "/v1/batches/{id}", "How far a batch has come", RetrieveBatch},
    {"POST", "/v1/batches/{id}/cancel", "Stop a batch; what is answered is kept", CancelBatch},
};

}  // namespace

extern const Resource resource_batches{kRoutes};

}  // namespace atelier
