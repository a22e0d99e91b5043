// /api/pull                                                                               [Ollama's docs/api.md]
#include <utility>

#include "app/model_library.h"
#include "serve/errors.h"
#include "serve/ollama_model.h"
#include "serve/resource.h"

namespace atelier {
namespace {

constexpr ErrorShape kShape = ErrorShape::kOllama;

struct PullBody {
  std::string model, name;
  bool stream = true;
  static Fields Describe();
};

Fields PullBody::Describe() {
  using B = PullBody;
  static constexpr Field fields[] = {
      Key<&B::model>("model", "a name of the catalogue, ORG/REPO, or ORG/REPO:FILE.gguf"),
      Key<&B::name>("name", "the older name of model"),
      Key<&B::stream>("stream", "tell how it goes on, as lines of JSON; true unless given"),
      Ignored("insecure", "what comes is checked by its hash"),
      Ignored("username", "HF_TOKEN is the hub's key"),
      Ignored("password", "HF_TOKEN is the hub's key"),
  };
  return fields;
}

Json Status(std::string text) { return Json::Object({{"status", std::move(text)}}); }

Json NewsOf(const PullProgress& progress) {
  switch (progress.stage) {
    case PullStage::kResolving: return Status("pulling manifest");
    case PullStage::kDownloading: {
      // The file's hash is known at its end alone: its name stands in for it.
      Json status = Status("pulling " + progress.file);
      status.Set("digest", progress.file);
      if (progress.total_bytes > 0) status.Set("total", progress.total_bytes);
      status.Set("completed", progress.bytes);
      return status;
    }
    case PullStage::kPackage: return Status(progress.source + ": " + progress.text);
    case PullStage::kVerifying: return Status("verifying sha256 digest");
    case PullStage::kInstalling: return Status("writing manifest");
    case PullStage::kNote: return Status(progress.text);
  }
  return Status("pulling");
}

// The last news.
Task<PullNews> Finish(std::shared_ptr<Channel<PullNews>> pull) {
  PullNews last;
  for (;;) {
    std::deque<PullNews> batch = co_await pull->NextBatch();
    if (batch.empty()) co_return last;
    last = std::move(batch.back());
  }
}

Task<void> Tell(std::shared_ptr<Channel<PullNews>> pull, BodyWriter out) {
  for (;;) {
    const std::deque<PullNews> batch = co_await pull->NextBatch();
    if (batch.empty()) co_return;
    std::string text;
    for (const PullNews& news : batch) {
      if (news.error) {
        text += JsonLine(ErrorBody(*news.error, StatusOf(*news.error), kShape));
      } else {
        text += JsonLine(news.ended ? Status("success") : NewsOf(news.progress));
      }
    }
    out.Write(text);  // who left has stopped the pull by its Call
  }
}

Task<HttpResponse> Pull(HttpRequest http, App& app) {
  const Result<Parsed<PullBody>> parsed = ParseBody<PullBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error(), kShape);
  const Result<std::string> name = NamedModel(parsed->body.model, parsed->body.name);
  if (!name.ok()) co_return ErrorResponse(name.error(), kShape);
  auto pull = app.library().Pull(std::string(WithoutTag(*name)), http.call.stop);
  HttpResponse response;
  if (parsed->body.stream) {
    response = JsonLines([pull](BodyWriter out) { return Tell(pull, std::move(out)); });
  } else {
    const PullNews last = co_await Finish(std::move(pull));
    response = last.error ? ErrorResponse(*last.error, kShape) : JsonResponse(Status("success"));
  }
  AddWarnings(response, parsed->unknown);
  co_return response;
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/api/pull", "Fetch a model, verified", Pull, JsonSchema<PullBody>},
};

}  // namespace

extern const Resource resource_ollama_pull{kRoutes};

}  // namespace atelier
