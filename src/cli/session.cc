#include "cli/session.h"

#include <cstdio>

#include "app/agent_library.h"
#include "observe/gen_ai.h"

namespace atelier {
namespace {

double Milliseconds(Clock::TimePoint from, Clock::TimePoint to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

double Rounded(double value) {
  constexpr double kThousand = 1000;
  return static_cast<double>(static_cast<int64_t>(value * kThousand + 0.5)) / kThousand;
}

// Tokens after the first, which belongs to the prompt's time, over the time since it.
double TokensPerSecond(const Outcome& outcome) {
  const double milliseconds = Milliseconds(outcome.times.first_token, outcome.times.last_token);
  const auto num_tokens = static_cast<double>(outcome.usage.completion_tokens) - 1;
  return milliseconds > 0 && num_tokens > 0 ? num_tokens * 1000 / milliseconds : 0;
}

Json LogprobBody(const TokenText& token) {
  return Json::Object({{"id", token.id}, {"token", token.bytes}, {"logprob", FiniteLogprob(token.logprob)}});
}

Json LogprobsBody(const std::vector<TokenChoice>& entries) {
  Json list = Json::Array();
  for (const TokenChoice& entry : entries) {
    Json body = LogprobBody(entry.chosen);
    Json top = Json::Array();
    for (const TokenText& token : entry.top) top.Push(LogprobBody(token));
    body.Set("top_logprobs", std::move(top));
    list.Push(std::move(body));
  }
  return list;
}

void Gather(Outcome& outcome, GenerationEvent event, std::optional<Error>& error, const Session::OnDelta& on_delta) {
  if (auto* prompt = std::get_if<PromptLogprobs>(&event)) {
    outcome.prompt_logprobs = std::move(*prompt);
  } else if (auto* delta = std::get_if<GenerationDelta>(&event)) {
    ChoiceResult& choice = outcome.choices[static_cast<size_t>(delta->choice)];
    choice.text += delta->text;
    choice.reasoning += delta->reasoning;
    if (on_delta) on_delta(*delta);
    choice.tokens.insert(choice.tokens.end(), delta->tokens.begin(), delta->tokens.end());
    std::move(delta->logprobs.begin(), delta->logprobs.end(), std::back_inserter(choice.logprobs));
  } else if (auto* end = std::get_if<GenerationChoiceEnd>(&event)) {
    outcome.choices[static_cast<size_t>(end->choice)].end = std::move(*end);
  } else {
    auto& last = std::get<GenerationEnd>(event);
    outcome.usage = last.usage;
    outcome.times = last.times;
    error = std::move(last.error);
  }
}

}  // namespace

void ModelOptions::Declare(Options& options) {
  options.Text("--model,-m", model, "model to run; without, default_model of the configuration or the first there is");
  options.Takes("NAME", Completion::kModels);
  options.Integer("--threads", threads, "threads that compute; 0: one for each core");
  options.OneOf("--kv-cache", kv_cache, {"f16", "q8_0"},
                "type of cached keys and values; without, the configuration's");
}

void ModelOptions::Apply(Config& config) const {
  if (threads > 0) config.engine.threads = static_cast<int32_t>(threads);
  if (!kv_cache.empty()) config.engine.kv_cache = kv_cache;
  // A command's model stays for as long as the command does.
  config.engine.keep_alive = "-1";
}

Result<std::unique_ptr<Session>> Session::Open(const Invocation& invocation, const ModelOptions& options) {
  std::unique_ptr<Session> session(new Session());
  Config config = invocation.config;
  options.Apply(config);
  session->name_ = options.model;
  TRY(session->app_, App::Create(std::move(config), session->loop_, Clock::Real()));
  return session;
}

Session::~Session() {
  if (app_) loop_.RunTask(app_->agents().Close());
}

Call Session::MakeCall() const {
  Call call;
  call.stop = interrupt_.token();
  return call;
}

Task<Result<Outcome>> Session::GenerateTask(ModelListing model, std::string operation, GenerationRequest request,
                                            OnDelta on_delta) {
  HttpRequest no_http;
  CallTrace trace(*app_, no_http, operation, model.id);
  trace.SetRequest(request.options, false, Json());
  Outcome outcome;
  const int32_t num_choices = request.options.request.n;
  request.model = model.id;
  Call call = MakeCall();
  Result<Generation> generation = co_await app_->language_model().Generate(std::move(call), std::move(request));
  if (!generation.ok()) {
    trace.End(outcome.usage, generation.error());
    co_return std::move(generation).error();
  }
  outcome.seed = generation->seed;
  for (int32_t i = 0; i < num_choices; ++i) {
    outcome.choices.emplace_back().index = i;
    outcome.choices.back().generation = &*generation;
  }
  std::optional<Error> error;
  GenerationEnd end;
  for (;;) {
    std::deque<GenerationEvent> batch = co_await generation->events->NextBatch();
    if (batch.empty()) break;
    for (GenerationEvent& event : batch) {
      if (const auto* last = std::get_if<GenerationEnd>(&event)) end = *last;
      Gather(outcome, std::move(event), error, on_delta);
    }
  }
  trace.AddTimes(end.times, end.usage, true);
  if (app_->config().traces.record_content) {
    trace.Set("atelier.prompt", generation->prompt_text);
    trace.Set("atelier.completion", outcome.choices.front().text);
  }
  std::vector<std::string> reasons;
  for (ChoiceResult& choice : outcome.choices) {
    reasons.emplace_back(FinishName(choice.end.reason));
    choice.generation = nullptr;
  }
  trace.End(outcome.usage, error, std::move(reasons));
  outcome.interrupted = interrupt_.requested();
  if (error && !outcome.interrupted) co_return *error;
  co_return outcome;
}

Result<Outcome> Session::Generate(const ModelListing& model, std::string_view operation, GenerationRequest request,
                                  OnDelta on_delta) {
  return Run(GenerateTask(model, std::string(operation), std::move(request), std::move(on_delta)));
}

// What is answered whole: vectors, scores, probabilities.
template <class T, class Face, class Request>
Result<T> Session::Whole(const ModelListing& model, CallTrace trace, Request request, Face& face,
                         Task<Result<T>> (Face::*ask)(Call, Request)) {
  Call call = MakeCall();
  call.span = trace.context();
  request.model = model.id;
  Result<T> answer = Run((face.*ask)(std::move(call), std::move(request)));
  if (answer.ok()) {
    trace.AddTimes(answer->times, answer->usage, false);
    trace.End(answer->usage, {});
  } else {
    trace.End({}, answer.error());
  }
  return answer;
}

Result<Embeddings> Session::Embed(const ModelListing& model, EmbeddingRequest request) {
  CallTrace trace(*app_, HttpRequest(), gen_ai::kEmbeddings, model.id);
  return Whole(model, std::move(trace), std::move(request), app_->embedder(), &Embedder::Embed);
}

Result<Reranking> Session::Rerank(const ModelListing& model, RerankingRequest request) {
  CallTrace trace(*app_, HttpRequest(), gen_ai::kRerank, model.id);
  return Whole(model, std::move(trace), std::move(request), app_->reranker(), &Reranker::Rerank);
}

Result<Decision> Session::Decide(const ModelListing& model, DecisionRequest request) {
  CallTrace trace(*app_, HttpRequest(), gen_ai::kDecision, model.id);
  trace.Set(gen_ai::kDecisionQuestionCount, static_cast<int64_t>(request.questions.size()));
  return Whole(model, std::move(trace), std::move(request), app_->language_model(), &LanguageModel::Decide);
}

Json OutcomeBody(const ModelListing& model, const Outcome& outcome, bool token_ids) {
  Json choices = Json::Array();
  for (const ChoiceResult& choice : outcome.choices) {
    Json body = Json::Object({{"index", choice.index}, {"text", choice.text}});
    body.Set("finish_reason", outcome.interrupted ? "interrupted" : FinishName(choice.end.reason));
    if (!choice.reasoning.empty()) body.Set("reasoning", choice.reasoning);
    if (token_ids) body.Set("token_ids", TokenIds(choice.tokens));
    if (!choice.logprobs.empty()) body.Set("logprobs", LogprobsBody(choice.logprobs));
    choices.Push(std::move(body));
  }
  Json body = Json::Object({{"model", model.id}, {"seed", outcome.seed}, {"choices", std::move(choices)}});
  if (!outcome.prompt_logprobs.entries.empty()) {
    body.Set("prompt_logprobs", LogprobsBody(outcome.prompt_logprobs.entries));
  }
  body.Set("usage", UsageBody(outcome.usage));
  const RequestTimes& times = outcome.times;
  body.Set("timing", Json::Object({{"prompt_ms", Rounded(Milliseconds(times.submitted, times.first_token))},
                                   {"total_ms", Rounded(Milliseconds(times.submitted, times.finished))},
                                   {"tokens_per_second", Rounded(TokensPerSecond(outcome))}}));
  return body;
}

std::string SpeedText(const Outcome& outcome) {
  char text[160];
  std::snprintf(text, sizeof text, "%lld tokens read (%lld from the cache) in %.0f ms, %lld written at %.1f tokens/s",
                static_cast<long long>(outcome.usage.prompt_tokens),
                static_cast<long long>(outcome.usage.cached_tokens),
                Milliseconds(outcome.times.submitted, outcome.times.first_token),
                static_cast<long long>(outcome.usage.completion_tokens), TokensPerSecond(outcome));
  return text;
}

}  // namespace atelier
