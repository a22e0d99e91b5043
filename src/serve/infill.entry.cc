// /infill: text for the gap between a prefix and a suffix.                       [llama.cpp server README]
#include "base/net/sse.h"
#include "serve/errors.h"
#include "serve/generation_reply.h"
#include "serve/resource.h"

namespace atelier {
namespace {

struct InfillBody {
  GenerationBody generation;
  std::string input_prefix, input_suffix, prompt;
  std::optional<int64_t> n_predict;
  static Fields Describe();
};

Fields InfillBody::Describe() {
  using B = InfillBody;
  static constexpr Field fields[] = {
      Key<&B::input_prefix>("input_prefix", "text before the gap").Required(),
      Key<&B::input_suffix>("input_suffix", "text after the gap").Required(),
      Key<&B::prompt>("prompt", "text already in the gap"),
      Key<&B::n_predict>("n_predict", "most tokens; -1: until the end").Between(-1, 2147483647),
      Inline<&B::generation>(),
      Unsupported("input_extra", "other files for context").UnlessIs("[]"),
  };
  return fields;
}

// What has come of the one choice of an infill.
struct InfillState {
  std::string model, content;
  GenerationChoiceEnd end;
  GenerationEnd last;
  Generation generation;
};

Json FinalBody(const InfillState& state) {
  const bool limit = state.end.reason == FinishReason::kLength;
  const std::string_view type = limit ? "limit" : state.end.stop_string.empty() ? "eos" : "word";
  return Json::Object({{"index", 0},
                       {"content", state.content},
                       {"model", state.model},
                       {"stop", true},
                       {"stop_type", type},
                       {"stopping_word", state.end.stop_string},
                       {"tokens_predicted", state.last.usage.completion_tokens},
                       {"tokens_evaluated", state.last.usage.prompt_tokens},
                       {"tokens_cached", state.last.usage.cached_tokens},
                       {"truncated", false},
                       {"prompt", state.generation.prompt_text}});
}

// Takes what came. Returns the new text, for streams.
std::string Take(InfillState& state, GenerationEvent& event) {
  if (auto* delta = std::get_if<GenerationDelta>(&event)) {
    state.content += delta->text;
    return delta->text;
  }
  if (auto* end = std::get_if<GenerationChoiceEnd>(&event)) state.end = *end;
  if (auto* last = std::get_if<GenerationEnd>(&event)) state.last = *last;
  return {};
}

Task<void> Gather(std::shared_ptr<InfillState> state, std::optional<BodyWriter> writer) {
  for (;;) {
    std::deque<GenerationEvent> batch = co_await state->generation.events->NextBatch();
    if (batch.empty()) co_return;
    std::string text;
    for (GenerationEvent& event : batch) text += Take(*state, event);
    if (!writer || text.empty()) continue;
    const Json event = Json::Object({{"index", 0}, {"content", text}, {"stop", false}});
    if (!writer->Write(FormatSse(event.Dump()))) state->generation.owner.reset();
  }
}

Task<void> Produce(std::shared_ptr<InfillState> state, BodyWriter writer) {
  co_await Gather(state, writer);
  if (state->last.error) {
    writer.Write(FormatSse(ErrorBody(*state->last.error, StatusOf(*state->last.error)).Dump()));
    co_return;
  }
  state->content.clear();  // it has been sent
  writer.Write(FormatSse(FinalBody(*state).Dump()));
}

Task<HttpResponse> Infill(HttpRequest http, App& app) {
  Result<Parsed<InfillBody>> parsed = ParseBody<InfillBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const InfillBody& body = parsed->body;
  const Result<ModelListing> model = app.FindModel(body.generation.model.value_or(""), "chat");
  if (!model.ok()) co_return ErrorResponse(model.error());
  GenerationRequest request;
  request.model = model->id;
  Result<GenerationOptions> options = body.generation.Options();
  if (!options.ok()) co_return ErrorResponse(options.error());
  request.options = std::move(*options);
  request.options.request.n = 1;
  if (body.n_predict && *body.n_predict >= 0) request.options.request.max_tokens = body.n_predict;
  request.prompt = InfillPrompt{body.input_prefix + body.prompt, body.input_suffix};

  auto state = std::make_shared<InfillState>();
  state->model = model->id;
  Result<Generation> generation = co_await app.language_model().Generate(http.call, std::move(request));
  if (!generation.ok()) co_return ErrorResponse(generation.error());
  state->generation = std::move(*generation);
  if (body.generation.stream) {
    co_return HttpResponse::Events([state](BodyWriter writer) { return Produce(state, std::move(writer)); });
  }
  co_await Gather(state, std::nullopt);
  if (state->last.error) co_return ErrorResponse(*state->last.error);
  co_return JsonResponse(FinalBody(*state));
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/infill", "Fill the gap between a prefix and a suffix", Infill, JsonSchema<InfillBody>},
};

}  // namespace

extern const Resource resource_infill{kRoutes};

}  // namespace atelier
