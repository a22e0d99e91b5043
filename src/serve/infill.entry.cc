// /infill: text for the gap between a prefix and a suffix.                       [llama.cpp server README]
#include "app/activity.h"
#include "base/net/sse.h"
#include "observe/gen_ai.h"
#include "serve/call_trace.h"
#include "serve/errors.h"
#include "serve/generation_reply.h"
#include "serve/generation_run.h"
#include "serve/resource.h"
#include "serve/sampling_body.h"

namespace atelier {
namespace {

struct ExtraFile {
  std::string filename, text;
  static Fields Describe();
};

Fields ExtraFile::Describe() {
  static constexpr Field fields[] = {
      Key<&ExtraFile::text>("text", "what it holds").Required(),
      Key<&ExtraFile::filename>("filename", "its name"),
  };
  return fields;
}

struct InfillBody {
  GenerationBody generation;
  std::string input_prefix, input_suffix, prompt;
  std::vector<ExtraFile> input_extra;
  std::optional<int64_t> n_predict;
  bool return_tokens = false;
  static Fields Describe();
};

Fields InfillBody::Describe() {
  using B = InfillBody;
  static constexpr Field fields[] = {
      Key<&B::input_prefix>("input_prefix", "text before the gap").Required(),
      Key<&B::input_suffix>("input_suffix", "text after the gap").Required(),
      Key<&B::prompt>("prompt", "text already in the gap"),
      Key<&B::input_extra>("input_extra", "other files for context").AtMostItems(1000),
      Key<&B::n_predict>("n_predict", "most tokens; -1: until the end").Between(-1, 2147483647),
      Key<&B::return_tokens>("return_tokens", "the ids of the new tokens"),
      Inline<&B::generation>(),
      Ignored("id_slot", "slots are made as they are needed"),
      Ignored("timings_per_token", "timings come at the end"),
      Ignored("return_progress", "accepted without effect"),
      Ignored("samplers", "the chain has one order"),
      Unsupported("n_indent", "a least indentation").UnlessIs("0"),
      Unsupported("t_max_predict_ms", "a bound on time").UnlessIs("0"),
      Unsupported("n_probs", "probabilities here; /v1/completions has logprobs").UnlessIs("0"),
      Unsupported("response_fields", "a choice of fields"),
      Unsupported("lora", "adapters").UnlessIs("[]"),
  };
  return fields;
}

// What has come of the one choice of an infill.
struct InfillState {
  std::shared_ptr<GenerationRun> run;
  bool stream = false, return_tokens = false;
};

// llama-server's timings: milliseconds, and tokens a second.
Json Timings(const GenerationEnd& last) {
  const auto milliseconds = [](Clock::TimePoint from, Clock::TimePoint to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
  };
  const double prompt_ms = milliseconds(last.times.scheduled, last.times.first_token);
  const double predicted_ms = milliseconds(last.times.first_token, last.times.last_token);
  const int64_t prompt_n = last.usage.prompt_tokens - last.usage.cached_tokens;
  const int64_t predicted_n = last.usage.completion_tokens;
  const auto each = [](double ms, int64_t n) { return n > 0 ? ms / static_cast<double>(n) : 0.0; };
  const auto rate = [](double ms, int64_t n) { return ms > 0 ? 1000 * static_cast<double>(n) / ms : 0.0; };
  return Json::Object({{"cache_n", last.usage.cached_tokens},
                       {"prompt_n", prompt_n},
                       {"prompt_ms", prompt_ms},
                       {"prompt_per_token_ms", each(prompt_ms, prompt_n)},
                       {"prompt_per_second", rate(prompt_ms, prompt_n)},
                       {"predicted_n", predicted_n},
                       {"predicted_ms", predicted_ms},
                       {"predicted_per_token_ms", each(predicted_ms, predicted_n)},
                       {"predicted_per_second", rate(predicted_ms, predicted_n)}});
}

Json FinalBody(const InfillState& state) {
  const GenerationRun& run = *state.run;
  const GenerationChoiceEnd& end = run.choice().end;
  const Usage& usage = run.end().usage;
  const bool limit = end.reason == FinishReason::kLength;
  const std::string_view type = limit ? "limit" : end.stop_string.empty() ? "eos" : "word";
  Json body = Json::Object({{"index", 0},
                            {"content", state.stream ? "" : run.choice().text},  // a stream has sent it
                            {"tokens", state.return_tokens ? TokenIds(run.choice().tokens) : Json::Array()},
                            {"id_slot", run.active().number},
                            {"stop", true},
                            {"model", run.model().id},
                            {"tokens_predicted", usage.completion_tokens},
                            {"tokens_evaluated", usage.prompt_tokens},
                            {"generation_settings", SamplingBody(run.options(), state.stream)},
                            {"prompt", run.generation().prompt_text},
                            {"has_new_line", run.active().any_new_line},
                            {"truncated", false},
                            {"stop_type", type},
                            {"stopping_word", end.stop_string},
                            {"tokens_cached", usage.cached_tokens}});
  body.Set("timings", Timings(run.end()));
  return body;
}

Task<void> Produce(InfillState state, BodyWriter writer) {
  for (;;) {
    const std::deque<GenerationEvent> batch = co_await state.run->Next();
    if (batch.empty()) break;
    std::string text;
    for (const GenerationEvent& event : batch) {
      const auto* delta = std::get_if<GenerationDelta>(&event);
      if (delta == nullptr || delta->text.empty()) continue;
      const Json news =
          Json::Object({{"index", 0}, {"content", delta->text}, {"tokens", TokenIds(delta->tokens)}, {"stop", false}});
      text += FormatSse(news.Dump());
    }
    if (!text.empty() && !writer.Write(text)) state.run->Cancel();
  }
  const std::optional<Error>& error = state.run->error();
  writer.Write(FormatSse((error ? ErrorBody(*error, StatusOf(*error)) : FinalBody(state)).Dump()));
}

Result<GenerationRequest> RequestOf(const InfillBody& body) {
  GenerationRequest request;
  TRY(request.options, body.generation.Options());
  request.options.request.n = 1;
  if (body.n_predict && *body.n_predict >= 0) request.options.request.max_tokens = body.n_predict;
  InfillPrompt prompt;
  prompt.prefix = body.input_prefix;
  prompt.suffix = body.input_suffix;
  prompt.middle = body.prompt;
  for (const ExtraFile& file : body.input_extra) prompt.extras.push_back({file.filename, file.text});
  request.prompt = std::move(prompt);
  return request;
}

Task<HttpResponse> Infill(HttpRequest http, App& app) {
  Result<Parsed<InfillBody>> parsed = ParseBody<InfillBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kTextCompletion, parsed.error());
  const InfillBody& body = parsed->body;
  Result<GenerationRequest> request = RequestOf(body);
  if (!request.ok()) co_return RefuseCall(app, http, gen_ai::kTextCompletion, request.error());
  GenerationRun::Options options;
  options.stream = body.generation.stream;
  auto run = co_await GenerationRun::Start(app, std::move(http), gen_ai::kTextCompletion,
                                           body.generation.model.value_or(""), std::move(*request), std::move(options));
  if (!run.ok()) co_return ErrorResponse(run.error());
  InfillState state{.run = std::move(*run), .stream = body.generation.stream, .return_tokens = body.return_tokens};
  HttpResponse response;
  if (state.stream) {
    response = HttpResponse::Events([state](BodyWriter writer) { return Produce(state, std::move(writer)); });
  } else {
    co_await state.run->Finish();
    response = state.run->error() ? ErrorResponse(*state.run->error()) : JsonResponse(FinalBody(state));
  }
  AddWarnings(response, parsed->unknown);
  co_return response;
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/infill", "Fill the gap between a prefix and a suffix", Infill, JsonSchema<InfillBody>},
};

}  // namespace

extern const Resource resource_infill{kRoutes};

}  // namespace atelier
