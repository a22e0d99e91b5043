// /api/tags, /api/ps, /api/show, /api/delete, /api/version                                [Ollama's docs/api.md]
#include <algorithm>
#include <limits>
#include <utility>

#include "app/model_library.h"
#include "base/task/pool.h"
#include "observe/trace.h"
#include "serve/errors.h"
#include "serve/ollama_model.h"
#include "serve/ollama_options.h"
#include "serve/resource.h"

namespace atelier {
namespace {

constexpr ErrorShape kShape = ErrorShape::kOllama;
constexpr int64_t kSecond = 1'000'000'000;

Json EntryOf(const ModelListing& model) {
  Json entry = Json::Object({{"name", model.id}, {"model", model.id}});
  entry.Set("size", model.size_bytes);
  entry.Set("digest", model.digest);
  entry.Set("details", OllamaDetails(model));
  return entry;
}

// Newest first.
Task<HttpResponse> Tags(HttpRequest /*http*/, App& app) {
  std::vector<ModelListing> models = app.ListModels();
  std::ranges::stable_sort(models, std::greater<>(), &ModelListing::created_unix);
  Json entries = Json::Array();
  for (const ModelListing& model : models) {
    Json entry = EntryOf(model);
    entry.Set("modified_at", UtcText(model.created_unix * kSecond));
    entries.Push(std::move(entry));
  }
  co_return JsonResponse(Json::Object({{"models", std::move(entries)}}));
}

Task<HttpResponse> Running(HttpRequest /*http*/, App& app) {
  const std::vector<ModelListing> models = app.ListModels();
  Json entries = Json::Array();
  for (const RunningModel& running : app.library().Running()) {
    const auto listing = std::ranges::find(models, running.id, &ModelListing::id);
    if (listing == models.end()) continue;  // removed, and still in use
    Json entry = EntryOf(*listing);
    entry.Set("size", running.memory_bytes);
    entry.Set("size_vram", 0);
    // One that stays for ever leaves when this clock ends.
    const int64_t expiry =
        running.expiry ? UnixNanosOf(app.clock(), *running.expiry) : std::numeric_limits<int64_t>::max();
    entry.Set("expires_at", UtcText(expiry));
    entry.Set("context_length", running.max_context);
    entries.Push(std::move(entry));
  }
  co_return JsonResponse(Json::Object({{"models", std::move(entries)}}));
}

// --- show ---

struct ShowBody {
  std::string model, name;
  static Fields Describe();
};

Fields ShowBody::Describe() {
  static constexpr Field fields[] = {
      Key<&ShowBody::model>("model", "id of a model"),
      Key<&ShowBody::name>("name", "the older name of model"),
      Ignored("verbose", "there are no tables of tensors or tokens in the answer"),
      Ignored("system", "accepted without effect"),
      Ignored("template", "accepted without effect"),
      Ignored("options", "accepted without effect"),
  };
  return fields;
}

Json InfoOf(const ModelProfile& profile) {
  const std::string& arch = profile.architecture;
  Json info = Json::Object({{"general.architecture", arch}, {"general.parameter_count", profile.num_parameters}});
  info.Set(arch + ".context_length", profile.context_length);
  info.Set(arch + ".embedding_length", profile.width);
  info.Set(arch + ".block_count", profile.num_layers);
  info.Set(arch + ".attention.head_count", profile.heads);
  info.Set(arch + ".attention.head_count_kv", profile.kv_heads);
  info.Set(arch + ".vocab_size", profile.vocabulary);
  return info;
}

Json ShowReply(const ModelListing& model, const ModelProfile& profile) {
  Json capabilities = Json::Array();
  for (const std::string& capability : profile.capabilities) capabilities.Push(capability);
  Json reply = Json::Object({{"license", profile.licence},
                             {"modelfile", "FROM " + (model.path.empty() ? model.id : model.path) + "\n"},
                             {"parameters", ""},
                             {"template", profile.chat_template},
                             {"system", ""}});
  reply.Set("details", OllamaDetails(model));
  reply.Set("messages", Json::Array());
  reply.Set("model_info", profile.architecture.empty() ? Json::Object() : InfoOf(profile));
  reply.Set("capabilities", std::move(capabilities));
  reply.Set("modified_at", UtcText(model.created_unix * kSecond));
  return reply;
}

// Of a model elsewhere nothing is known but what it is listed as.
ModelProfile ProfileElsewhere(const ModelListing& model) {
  ModelProfile profile;
  if (model.kind == "chat") profile.capabilities = {"completion", "tools"};
  if (model.kind == "embedding") profile.capabilities = {"embedding"};
  return profile;
}

Task<HttpResponse> Show(HttpRequest http, App& app) {
  const Result<Parsed<ShowBody>> parsed = ParseBody<ShowBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error(), kShape);
  const Result<std::string> name = NamedModel(parsed->body.model, parsed->body.name);
  if (!name.ok()) co_return ErrorResponse(name.error(), kShape);
  const Result<ModelListing> model = FindOllamaModel(app, *name, "chat");
  if (!model.ok()) co_return ErrorResponse(model.error(), kShape);
  Result<ModelProfile> profile = ProfileElsewhere(*model);
  if (model->provider.empty()) {
    auto look = [&] { return app.library().Profile(*model); };
    auto waiting = OnPool(app.pool(), look);
    profile = co_await waiting;
  }
  if (!profile.ok()) co_return ErrorResponse(profile.error(), kShape);
  HttpResponse response = JsonResponse(ShowReply(*model, *profile));
  AddWarnings(response, parsed->unknown);
  co_return response;
}

// --- delete ---

struct DeleteBody {
  std::string model, name;
  static Fields Describe();
};

Fields DeleteBody::Describe() {
  static constexpr Field fields[] = {
      Key<&DeleteBody::model>("model", "id of a model that was pulled or imported"),
      Key<&DeleteBody::name>("name", "the older name of model"),
  };
  return fields;
}

Task<HttpResponse> Delete(HttpRequest http, App& app) {
  const Result<Parsed<DeleteBody>> parsed = ParseBody<DeleteBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error(), kShape);
  const Result<std::string> name = NamedModel(parsed->body.model, parsed->body.name);
  if (!name.ok()) co_return ErrorResponse(name.error(), kShape);
  const Result<ModelListing> model = FindOllamaModel(app, *name, "chat");
  if (!model.ok()) co_return ErrorResponse(model.error(), kShape);
  auto remove = [&] { return app.library().Remove(model->id); };
  auto waiting = OnPool(app.pool(), remove);
  const Result<void> removed = co_await waiting;
  if (!removed.ok()) co_return ErrorResponse(removed.error(), kShape);
  co_return HttpResponse{};
}

Task<HttpResponse> Version(HttpRequest /*http*/, App& /*app*/) {
  co_return JsonResponse(Json::Object({{"version", ATELIER_VERSION}}));
}

constexpr RouteSpec kRoutes[] = {
    {"GET", "/api/tags", "All models here, in Ollama's words", Tags},
    {"GET", "/api/ps", "The models that are loaded, and until when", Running},
    {"POST", "/api/show", "What a model is and can do", Show, JsonSchema<ShowBody>},
    {"DELETE", "/api/delete", "Remove a model from memory and disk", Delete, JsonSchema<DeleteBody>},
    {"GET", "/api/version", "The version of this server", Version},
};

}  // namespace

extern const Resource resource_ollama_models{kRoutes};

}  // namespace atelier
