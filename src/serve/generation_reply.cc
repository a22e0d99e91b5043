#include "serve/generation_reply.h"

#include <algorithm>
#include <utility>

#include "app/activity.h"
#include "base/net/sse.h"
#include "observe/gen_ai.h"
#include "provider/gathered.h"
#include "serve/call_trace.h"
#include "serve/errors.h"
#include "serve/generation_run.h"
#include "serve/resource.h"

namespace atelier {
namespace {

// What the events of one reply share, and what has come so far.
struct ReplyState {
  App& app;
  std::shared_ptr<const ReplyShape> shape;
  ReplyOptions options;
  CallTrace trace;
  Json envelope;           // id, object, created, model, system_fingerprint
  std::string event_head;  // the same as text, without the closing brace; of streams
  int32_t n = 1;
  std::vector<Generation> generations;
  std::vector<std::shared_ptr<ActiveGeneration>> active;  // [generations]
  std::vector<std::vector<ChoiceResult>> choices;         // [generations][n]
  std::vector<std::optional<PromptLogprobs>> prompt_logprobs;
  Usage usage;
  int64_t reasoning_tokens = 0;
  std::optional<Error> error;
};

Json Envelope(const App& app, const ReplyShape& shape, const ModelListing& model, const ReplyOptions& options,
              std::string_view trace_id) {
  return Json::Object({
      {"id", std::string(shape.id_prefix()) + std::string(trace_id)},
      {"object", options.stream ? shape.event_object() : shape.whole_object()},
      {"created", app.clock().UnixNanos() / 1'000'000'000},
      {"model", model.id},
      {"system_fingerprint", app.Fingerprint(model)},
  });
}

// Takes one event into the state. Returns what is new of a choice, for streams.
void Gather(ReplyState& state, size_t index, GenerationEvent event) {
  if (auto* prompt = std::get_if<PromptLogprobs>(&event)) {
    state.prompt_logprobs[index] = std::move(*prompt);
    for (ChoiceResult& choice : state.choices[index]) choice.prompt_logprobs = &*state.prompt_logprobs[index];
  } else if (auto* delta = std::get_if<GenerationDelta>(&event)) {
    ChoiceResult& choice = state.choices[index][static_cast<size_t>(delta->choice)];
    ActiveGeneration& active = *state.active[index];
    active.num_generated += static_cast<int64_t>(delta->tokens.size());
    active.any_new_line |= delta->text.find('\n') != std::string::npos;
    choice.begun = true;
    choice.text += delta->text;
    choice.reasoning += delta->reasoning;
    for (ToolCallDelta& call : delta->tool_calls) AddCall(std::move(call), choice.tool_calls);
    for (const TokenChoice& entry : delta->logprobs) choice.num_characters += NumCharacters(entry.chosen.bytes);
    choice.tokens.insert(choice.tokens.end(), delta->tokens.begin(), delta->tokens.end());
    std::move(delta->logprobs.begin(), delta->logprobs.end(), std::back_inserter(choice.logprobs));
  } else if (auto* end = std::get_if<GenerationChoiceEnd>(&event)) {
    state.choices[index][static_cast<size_t>(end->choice)].end = std::move(*end);
  } else {
    auto& last = std::get<GenerationEnd>(event);
    AddUsage(state.usage, last.usage);
    state.reasoning_tokens += last.reasoning_tokens;
    state.trace.AddTimes(last.times, last.usage, true);
    if (last.error && !state.error) state.error = std::move(last.error);
  }
}

// The last words of the trace, and what the key pays.
void EndTrace(ReplyState& state) {
  std::vector<std::string> reasons;
  for (const auto& of_generation : state.choices) {
    for (const ChoiceResult& choice : of_generation)
      reasons.emplace_back(FinishName(choice.end.reason, !choice.tool_calls.empty()));
    if (state.app.config().traces.record_content && !of_generation.empty()) {
      state.trace.Set("atelier.prompt", of_generation.front().generation->prompt_text);
      state.trace.Set("atelier.completion", of_generation.front().text);
    }
  }
  state.active.clear();
  if (state.error) reasons.clear();
  state.trace.End(state.usage, state.error, std::move(reasons));
}

// --- whole replies ---

Task<void> GatherAll(std::shared_ptr<ReplyState> state, size_t index) {
  for (;;) {
    std::deque<GenerationEvent> batch = co_await state->generations[index].events->NextBatch();
    if (batch.empty()) break;
    for (GenerationEvent& event : batch) Gather(*state, index, std::move(event));
  }
}

// What a stream adds up to, too.
Json WholeBody(const ReplyState& state) {
  Json body = state.envelope;
  body.Set("object", state.shape->whole_object());
  if (!state.options.metadata.is_null()) body.Set("metadata", state.options.metadata);
  state.shape->AddBeside(state.choices.front().front(), body);
  Json choices = Json::Array();
  for (const auto& of_generation : state.choices) {
    for (const ChoiceResult& choice : of_generation) choices.Push(state.shape->Whole(choice));
  }
  body.Set("choices", std::move(choices));
  body.Set("usage", UsageBody(state.usage, state.reasoning_tokens));
  return body;
}

Task<HttpResponse> WholeReply(std::shared_ptr<ReplyState> state) {
  for (size_t i = 0; i < state->generations.size(); ++i) co_await GatherAll(state, i);
  EndTrace(*state);
  if (state->error) co_return ErrorResponse(*state->error);
  Json body = WholeBody(*state);
  if (state->options.keep) co_await state->options.keep(body);
  HttpResponse response = JsonResponse(body);
  AddWarnings(response, state->options.unknown);
  co_return response;
}

// --- streams ---

// The event of one choice. What all events share was written once (event_head): a token's event is the server's most
// frequent work.
std::string EventOf(const ReplyState& state, const Json& choice) {
  std::string data = state.event_head + ",\"choices\":[" + choice.Dump() + "]";
  if (state.options.include_usage) {
    data += ",\"usage\":" +
            (state.options.continuous_usage ? UsageBody(state.usage, state.reasoning_tokens).Dump() : "null");
  }
  return FormatSse(data += "}");
}

// The first event of a choice, with what stands beside it.
std::string OpeningOf(const ReplyState& state, const ChoiceResult& choice, Json opening) {
  Json choices = Json::Array();
  choices.Push(std::move(opening));
  Json event = state.envelope;
  if (choice.index == 0) state.shape->AddBeside(choice, event);
  event.Set("choices", std::move(choices));
  if (state.options.include_usage) event.Set("usage", Json());
  return FormatSse(event.Dump());
}

// The text of the SSE events that an event of the engine makes; empty where it has nothing for the client.
std::string StreamText(ReplyState& state, size_t index, GenerationEvent& event) {
  std::string out;
  if (auto* delta = std::get_if<GenerationDelta>(&event)) {
    ChoiceResult& choice = state.choices[index][static_cast<size_t>(delta->choice)];
    ChoiceResult news;
    news.index = choice.index;
    news.generation = choice.generation;
    news.text = delta->text;
    news.reasoning = delta->reasoning;
    news.tool_calls = delta->tool_calls;
    news.tokens = delta->tokens;
    news.logprobs = delta->logprobs;
    news.begun = choice.begun;
    news.num_characters = choice.num_characters;
    const bool says_nothing = news.text.empty() && news.reasoning.empty() && news.tool_calls.empty();
    const bool nothing_new = says_nothing && news.logprobs.empty() && !state.options.return_token_ids;
    if (!nothing_new) out = EventOf(state, state.shape->Delta(news));
  } else if (auto* end = std::get_if<GenerationChoiceEnd>(&event)) {
    ChoiceResult last = state.choices[index][static_cast<size_t>(end->choice)];
    last.end = *end;
    out = EventOf(state, state.shape->Closing(last));
  } else if (auto* prompt = std::get_if<PromptLogprobs>(&event)) {
    for (ChoiceResult choice : state.choices[index]) {
      choice.prompt_logprobs = prompt;
      if (auto after = state.shape->AfterPrompt(choice)) out += EventOf(state, std::move(*after));
    }
  }
  return out;
}

// Streams one generation until it ends or the client is gone.
Task<void> Pump(std::shared_ptr<ReplyState> state, size_t index, BodyWriter writer) {
  bool open = true;
  for (;;) {
    std::deque<GenerationEvent> batch = co_await state->generations[index].events->NextBatch();
    if (batch.empty()) break;
    std::string text;
    for (GenerationEvent& event : batch) {
      if (auto* delta = std::get_if<GenerationDelta>(&event); delta != nullptr && state->options.continuous_usage) {
        state->usage.completion_tokens += static_cast<int64_t>(delta->tokens.size());
      }
      text += StreamText(*state, index, event);
      if (state->options.continuous_usage && std::holds_alternative<GenerationEnd>(event)) state->usage = {};
      Gather(*state, index, std::move(event));
    }
    if (open && !text.empty()) open = writer.Write(text);
    if (!open) state->generations[index].owner.reset();
  }
}

Task<void> PumpAll(std::shared_ptr<ReplyState> state, BodyWriter writer) {
  const size_t num_generations = state->generations.size();
  if (num_generations == 1) {
    co_await Pump(state, 0, writer);
    co_return;
  }
  auto ended = Channel<int>::Create(state->app.loop(), num_generations);
  for (size_t i = 0; i < num_generations; ++i) {
    Spawn(Pump(state, i, writer), [ended] { ended->Push(0); });
  }
  for (size_t num_ended = 0; num_ended < num_generations;) {
    const std::deque<int> batch = co_await ended->NextBatch();
    num_ended += batch.size();
  }
}

Task<void> Produce(std::shared_ptr<ReplyState> state, BodyWriter writer) {
  std::string opening;
  for (const auto& of_generation : state->choices) {
    for (const ChoiceResult& choice : of_generation) {
      if (auto event = state->shape->Opening(choice)) opening += OpeningOf(*state, choice, std::move(*event));
    }
  }
  if (!opening.empty()) writer.Write(opening);
  co_await PumpAll(state, writer);
  if (state->options.keep && !state->error) {
    Json whole = WholeBody(*state);
    co_await state->options.keep(std::move(whole));
  }
  std::string closing;
  if (state->error) {
    closing = FormatSse(ErrorBody(*state->error, StatusOf(*state->error)).Dump());
  } else if (state->options.include_usage) {
    Json event = state->envelope;
    event.Set("choices", Json::Array());
    event.Set("usage", UsageBody(state->usage, state->reasoning_tokens));
    closing = FormatSse(event.Dump());
  }
  writer.Write(closing + FormatSse("[DONE]"));
  EndTrace(*state);
}

HttpResponse StreamReply(std::shared_ptr<ReplyState> state) {
  const std::vector<std::string> unknown = state->options.unknown;
  HttpResponse response =
      HttpResponse::Events([state = std::move(state)](BodyWriter writer) { return Produce(state, std::move(writer)); });
  AddWarnings(response, unknown);
  return response;
}

}  // namespace

ReplyOptions ReplyOptionsOf(const GenerationBody& body) {
  ReplyOptions options;
  options.stream = body.stream;
  if (body.stream_options) {
    options.include_usage = body.stream_options->include_usage;
    options.continuous_usage = body.stream_options->continuous_usage_stats;
  }
  options.return_token_ids = body.return_token_ids;
  options.stop_token_ids.assign(body.stop_token_ids.begin(), body.stop_token_ids.end());
  return options;
}

Task<HttpResponse> ReplyWith(App& app, HttpRequest http, std::string model, std::vector<GenerationRequest> requests,
                             std::shared_ptr<const ReplyShape> shape, ReplyOptions options) {
  const Result<ModelListing> listing = app.FindModel(model, "chat");
  if (!listing.ok()) co_return RefuseCall(app, http, shape->operation(), listing.error());
  CallTrace trace(app, http, shape->operation(), listing->id);
  trace.SetRequest(requests.front().options, options.stream, options.metadata);
  const std::string trace_id = trace.id();
  trace.Set(gen_ai::kResponseId, std::string(shape->id_prefix()) + trace_id);
  auto state = std::make_shared<ReplyState>(ReplyState{.app = app,
                                                       .shape = std::move(shape),
                                                       .options = std::move(options),
                                                       .trace = std::move(trace),
                                                       .envelope = {},
                                                       .event_head = {},
                                                       .n = requests.front().options.request.n,
                                                       .generations = {},
                                                       .active = {},
                                                       .choices = {},
                                                       .prompt_logprobs = {},
                                                       .usage = {},
                                                       .reasoning_tokens = 0,
                                                       .error = {}});
  http.call.span = state->trace.context();
  for (GenerationRequest& request : requests) {
    request.model = listing->id;
    const GenerationOptions asked = request.options;
    Result<Generation> generation = co_await app.language_model().Generate(http.call, std::move(request));
    if (!generation.ok()) {
      state->error = generation.error();
      EndTrace(*state);
      co_return ErrorResponse(generation.error());
    }
    const auto num_prompt_tokens = static_cast<int64_t>(generation->prompt_tokens.size());
    state->active.push_back(app.activity().Begin(listing->id, asked, num_prompt_tokens));
    state->generations.push_back(std::move(*generation));
  }
  state->prompt_logprobs.resize(state->generations.size());
  for (size_t i = 0; i < state->generations.size(); ++i) {
    state->choices.emplace_back(static_cast<size_t>(state->n));
    for (int32_t j = 0; j < state->n; ++j) {
      ChoiceResult& choice = state->choices[i][static_cast<size_t>(j)];
      choice.index = static_cast<int32_t>(i) * state->n + j;
      choice.generation = &state->generations[i];
    }
  }
  state->envelope = Envelope(app, *state->shape, *listing, state->options, trace_id);
  if (state->options.stream) {
    state->event_head = state->envelope.Dump();
    state->event_head.pop_back();
    co_return StreamReply(std::move(state));
  }
  co_return co_await WholeReply(std::move(state));
}

std::string_view FinishName(FinishReason reason, bool has_called) {
  if (reason == FinishReason::kLength) return "length";
  return has_called ? "tool_calls" : "stop";
}

Json StopReason(const ChoiceResult& choice, const std::vector<int32_t>& stop_token_ids) {
  if (!choice.end.stop_string.empty()) return choice.end.stop_string;
  const std::optional<int32_t> token = choice.end.stop_token;
  const bool is_callers =
      token && std::find(stop_token_ids.begin(), stop_token_ids.end(), *token) != stop_token_ids.end();
  return is_callers ? Json(*token) : Json();
}

Json PromptLogprobList(const PromptLogprobs& logprobs) {
  Json list = Json::Array({Json()});
  for (const TokenChoice& entry : logprobs.entries) {
    Json by_id = Json::Object();
    const auto add = [&](const TokenText& token, int rank) {
      by_id.Set(
          std::to_string(token.id),
          Json::Object({{"logprob", FiniteLogprob(token.logprob)}, {"rank", rank}, {"decoded_token", token.bytes}}));
    };
    int rank = 1;
    for (const TokenText& token : entry.top) add(token, rank++);
    add(entry.chosen, entry.rank);
    list.Push(std::move(by_id));
  }
  return list;
}

int64_t NumCharacters(std::string_view text) {
  int64_t num = 0;
  for (const char c : text) num += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return num;
}

double FiniteLogprob(double logprob) { return std::max(logprob, -9999.0); }

namespace {

Json TokenBody(const TokenText& token, bool as_ids) {
  Json bytes = Json::Array();
  for (const char byte : token.bytes) bytes.Push(static_cast<int>(static_cast<unsigned char>(byte)));
  const std::string name = as_ids ? "token_id:" + std::to_string(token.id) : token.bytes;
  return Json::Object({{"token", name}, {"logprob", FiniteLogprob(token.logprob)}, {"bytes", std::move(bytes)}});
}

}  // namespace

Json LogprobBody(const TokenChoice& choice, bool as_ids) {
  Json body = TokenBody(choice.chosen, as_ids);
  Json top = Json::Array();
  for (const TokenText& token : choice.top) top.Push(TokenBody(token, as_ids));
  body.Set("top_logprobs", std::move(top));
  return body;
}

Json TokenIds(const std::vector<int32_t>& tokens) {
  Json ids = Json::Array();
  for (const int32_t id : tokens) ids.Push(id);
  return ids;
}

Json UsageBody(const Usage& usage, int64_t reasoning_tokens) {
  return Json::Object({
      {"prompt_tokens", usage.prompt_tokens},
      {"completion_tokens", usage.completion_tokens},
      {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
      {"prompt_tokens_details", Json::Object({{"cached_tokens", usage.cached_tokens}})},
      {"completion_tokens_details", Json::Object({{"reasoning_tokens", reasoning_tokens}})},
  });
}

}  // namespace atelier
