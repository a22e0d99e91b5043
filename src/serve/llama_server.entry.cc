// /props and /slots, for clients made for llama-server.                        [llama.cpp server README]
#include "serve/errors.h"
#include "serve/resource.h"

namespace atelier {
namespace {

// The sampling that a request without parameters gets, under llama-server's names.
Json DefaultParameters() {
  const SamplingParams sampling;
  return Json::Object({
      {"n_predict", -1},
      {"temperature", static_cast<double>(sampling.temperature)},
      {"top_k", sampling.top_k},
      {"top_p", static_cast<double>(sampling.top_p)},
      {"min_p", static_cast<double>(sampling.min_p)},
      {"typical_p", static_cast<double>(sampling.typical_p)},
      {"top_n_sigma", static_cast<double>(sampling.top_n_sigma)},
      {"xtc_probability", static_cast<double>(sampling.xtc_probability)},
      {"repeat_last_n", sampling.penalty_last_n},
      {"repeat_penalty", static_cast<double>(sampling.repetition_penalty)},
      {"presence_penalty", static_cast<double>(sampling.presence_penalty)},
      {"frequency_penalty", static_cast<double>(sampling.frequency_penalty)},
      {"dry_multiplier", static_cast<double>(sampling.dry_multiplier)},
      {"mirostat", sampling.mirostat},
      {"ignore_eos", false},
      {"stream", false},
  });
}

Task<HttpResponse> Props(HttpRequest http, App& app) {
  const Result<ModelListing> model = app.FindModel(http.Query("model"), "chat");
  if (!model.ok()) co_return ErrorResponse(model.error());
  Result<ModelDetails> details = co_await app.language_model().Describe(http.call, model->id);
  if (!details.ok()) co_return ErrorResponse(details.error());
  Json settings =
      Json::Object({{"id", 0}, {"n_ctx", details->context_length}, {"speculative", false}, {"is_processing", false}});
  settings.Set("params", DefaultParameters());
  Json props = Json::Object({{"default_generation_settings", std::move(settings)},
                             {"total_slots", app.config().engine.max_running},
                             {"model_alias", model->id},
                             {"model_path", model->path},
                             {"chat_template", details->chat_template},
                             {"bos_token", details->bos_token},
                             {"eos_token", details->eos_token}});
  props.Set("modalities", Json::Object({{"vision", false}, {"audio", false}}));
  props.Set("build_info", std::string("atelier-") + ATELIER_VERSION);
  co_return JsonResponse(props);
}

// One slot for each sequence under way, and an idle one where there is room: here slots are made as they are needed.
Task<HttpResponse> Slots(HttpRequest /*http*/, App& app) {
  Json slots = Json::Array();
  for (const EngineFigures& figures : app.Figures()) {
    const int32_t num_shown = std::min(figures.num_running + 1, figures.max_running);
    for (int32_t i = 0; i < num_shown; ++i) {
      slots.Push(Json::Object({{"id", slots.size()},
                               {"model", figures.model},
                               {"n_ctx", figures.context_length},
                               {"speculative", false},
                               {"is_processing", i < figures.num_running},
                               {"params", DefaultParameters()}}));
    }
  }
  co_return JsonResponse(slots);
}

constexpr RouteSpec kRoutes[] = {
    {"GET", "/props", "What is served, as llama-server says it", Props},
    {"GET", "/slots", "Sequences under way, as llama-server says it", Slots},
};

}  // namespace

extern const Resource resource_llama_server{kRoutes};

}  // namespace atelier
