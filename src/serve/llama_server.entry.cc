// /props and /slots, for clients made for llama-server.                        [llama.cpp server README]
#include <algorithm>

#include "app/activity.h"
#include "serve/errors.h"
#include "serve/resource.h"
#include "serve/sampling_body.h"

namespace atelier {
namespace {

// A place for a request, idle.
Json IdleSlot(int64_t id, int64_t context_length) {
  return Json::Object({{"id", id}, {"n_ctx", context_length}, {"speculative", false}, {"is_processing", false}});
}

Task<HttpResponse> Props(HttpRequest http, App& app) {
  const Result<ModelListing> model = app.FindModel(http.Query("model"), "chat");
  if (!model.ok()) co_return ErrorResponse(model.error());
  Result<ModelDetails> details = co_await app.language_model().Describe(http.call, model->id);
  if (!details.ok()) co_return ErrorResponse(details.error());
  const GenerationOptions defaults;
  Json settings = IdleSlot(0, details->context_length);
  settings.Set("id_task", -1);
  settings.Set("params", SamplingBody(defaults, false));
  settings.Set("prompt", "");
  settings.Set("next_token", Json::Object({{"has_next_token", false},
                                           {"has_new_line", false},
                                           {"n_remain", -1},
                                           {"n_decoded", 0},
                                           {"stopping_word", ""}}));
  Json props = Json::Object({{"default_generation_settings", std::move(settings)},
                             {"total_slots", app.config().engine.max_running},
                             {"model_alias", model->id},
                             {"model_path", model->path},
                             {"chat_template", details->chat_template},
                             {"chat_template_caps", Json::Object()},
                             {"bos_token", details->bos_token},
                             {"eos_token", details->eos_token}});
  props.Set("modalities", Json::Object({{"vision", false}, {"audio", false}}));
  props.Set("build_info", std::string("atelier-") + ATELIER_VERSION);
  props.Set("is_sleeping", false);
  co_return JsonResponse(props);
}

Json BusySlot(int64_t id, int64_t context_length, const ActiveGeneration& active) {
  const std::optional<int64_t> most = active.options.request.max_tokens;
  const int64_t num_choices = std::max<int64_t>(1, active.options.request.n);
  Json slot = IdleSlot(id, context_length);
  slot.Set("is_processing", true);
  slot.Set("id_task", active.number);
  slot.Set("model", active.model);
  slot.Set("n_prompt_tokens", active.num_prompt_tokens);
  slot.Set("params", SamplingBody(active.options, false));
  slot.Set("next_token", Json::Array({Json::Object({
                             {"has_next_token", true},
                             {"has_new_line", active.any_new_line},
                             {"n_remain", most ? *most * num_choices - active.num_generated : -1},
                             {"n_decoded", active.num_generated},
                         })}));
  return slot;
}

// One slot for each request under way, then the idle ones. ?fail_on_no_slot=1: 503 where none is idle.
Task<HttpResponse> Slots(HttpRequest http, App& app) {
  int64_t context_length = 0;
  if (const auto model = app.FindModel("", "chat"); model.ok()) context_length = model->context_length;
  Json slots = Json::Array();
  for (const auto& active : app.activity().List()) slots.Push(BusySlot(slots.size(), context_length, *active));
  const int64_t num_slots = app.config().engine.max_running;
  if (slots.size() >= num_slots && !http.Query("fail_on_no_slot").empty()) {
    co_return ErrorResponse(Error::Unavailable("slots", "got no idle one, want to try again later"));
  }
  while (slots.size() < num_slots) slots.Push(IdleSlot(slots.size(), context_length));
  co_return JsonResponse(slots);
}

constexpr RouteSpec kRoutes[] = {
    {"GET", "/props", "What is served, as llama-server says it", Props},
    {"GET", "/slots", "Sequences under way, as llama-server says it", Slots},
};

}  // namespace

extern const Resource resource_llama_server{kRoutes};

}  // namespace atelier
