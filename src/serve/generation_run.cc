#include "serve/generation_run.h"

#include <utility>

#include "observe/gen_ai.h"

namespace atelier {

Task<Result<std::shared_ptr<GenerationRun>>> GenerationRun::Start(App& app, HttpRequest http,
                                                                  std::string_view operation, std::string model,
                                                                  GenerationRequest request, Options options) {
  const Result<ModelListing> listing = app.FindModel(model, "chat");
  if (!listing.ok()) {
    (void)RefuseCall(app, http, operation, listing.error());
    co_return listing.error();
  }
  request.model = listing->id;
  CallTrace trace(app, http, operation, listing->id);
  trace.SetRequest(request.options, options.stream, options.metadata);
  trace.Set(gen_ai::kResponseId, options.id_prefix + trace.id());
  std::shared_ptr<GenerationRun> run(new GenerationRun(app, std::move(trace), *listing, request.options));
  Result<Generation> generation = co_await app.language_model().Generate(http.call, std::move(request));
  if (!generation.ok()) {
    run->trace_.End({}, generation.error());
    co_return std::move(generation).error();
  }
  run->generation_ = std::move(*generation);
  const auto num_prompt_tokens = static_cast<int64_t>(run->generation_.prompt_tokens.size());
  run->active_ = app.activity().Begin(listing->id, run->asked_, num_prompt_tokens);
  run->choice_.generation = &run->generation_;
  co_return run;
}

Task<std::deque<GenerationEvent>> GenerationRun::Next() {
  if (is_over_) co_return std::deque<GenerationEvent>();
  std::deque<GenerationEvent> batch = co_await generation_.events->NextBatch();
  for (const GenerationEvent& event : batch) Gather(event);
  if (!batch.empty()) co_return batch;
  is_over_ = true;
  trace_.AddTimes(end_.times, end_.usage, true);
  std::vector<std::string> reasons;
  if (!end_.error) reasons.emplace_back(FinishName(choice_.end.reason, !choice_.tool_calls.empty()));
  if (app_.config().traces.record_content) {
    trace_.Set("atelier.prompt", generation_.prompt_text);
    trace_.Set("atelier.completion", choice_.text);
  }
  trace_.End(end_.usage, end_.error, std::move(reasons));
  co_return batch;
}

Task<void> GenerationRun::Finish() {
  while (!is_over_) co_await Next();
}

void GenerationRun::Gather(const GenerationEvent& event) {
  if (const auto* delta = std::get_if<GenerationDelta>(&event)) {
    active_->num_generated += static_cast<int64_t>(delta->tokens.size());
    active_->any_new_line |= delta->text.find('\n') != std::string::npos;
    choice_.text += delta->text;
    choice_.reasoning += delta->reasoning;
    for (const ToolCallDelta& call : delta->tool_calls) AddCall(call, choice_.tool_calls);
    choice_.tokens.insert(choice_.tokens.end(), delta->tokens.begin(), delta->tokens.end());
    choice_.logprobs.insert(choice_.logprobs.end(), delta->logprobs.begin(), delta->logprobs.end());
  }
  if (const auto* end = std::get_if<GenerationChoiceEnd>(&event)) choice_.end = *end;
  if (const auto* last = std::get_if<GenerationEnd>(&event)) end_ = *last;
}

void AddCall(ToolCallDelta call, std::vector<ToolCallDelta>& calls) {
  if (calls.empty() || calls.back().index != call.index) return calls.push_back(std::move(call));
  calls.back().arguments += call.arguments;
}

}  // namespace atelier
