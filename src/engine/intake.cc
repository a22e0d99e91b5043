#include "engine/intake.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "engine/request_check.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

using std::chrono::milliseconds;

// Tokens whose text contains one of the breakers, sorted.   COST one look at every piece of the vocabulary, some ms.
std::vector<int32_t> BreakerIds(const Tokenizer& tokenizer, const std::vector<std::string>& breakers) {
  std::vector<int32_t> ids;
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id) {
    const std::string_view piece = tokenizer.Piece(id);
    const auto contained = [&](const std::string& text) { return piece.find(text) != std::string_view::npos; };
    if (std::ranges::any_of(breakers, contained)) ids.push_back(id);
  }
  return ids;
}

void AddSequence(RequestState& state, std::vector<int32_t> tokens, std::vector<int32_t> segments) {
  auto sequence = std::make_unique<Sequence>();
  sequence->request = &state;
  sequence->index = static_cast<int32_t>(state.sequences.size());
  state.usage.prompt_tokens += static_cast<int64_t>(tokens.size());
  sequence->tokens = std::move(tokens);
  sequence->segments = std::move(segments);
  state.sequences.push_back(std::move(sequence));
}

}  // namespace

Result<std::shared_ptr<RequestControl>> Intake::Submit(GenerateRequest request, std::shared_ptr<Sink> sink) {
  TRY_VOID(CheckRequest(request, parts_.shape, parts_.max_context));
  auto state = std::make_unique<RequestState>();
  state->options = request.options;
  state->prompt_size = static_cast<int64_t>(request.prompt.size());
  state->max_tokens = std::min(request.max_tokens.value_or(INT64_MAX), parts_.max_context - state->prompt_size);
  state->ending_ids = EndingIds(request);
  if (request.sampling.dry_multiplier > 0 && parts_.tokenizer != nullptr) {
    state->dry_breaker_ids = BreakerIds(*parts_.tokenizer, request.sampling.dry_breakers);
  }
  const bool needs_every_row = request.prompt_logprobs && request.prompt_logprobs_from == 1;
  state->reads_prefix_cache = parts_.prefix_cache && request.read_prefix_cache && !needs_every_row;
  AddSequence(*state, std::move(request.prompt), {});
  state->num_unfinished = std::max(request.n, request.best_of);
  state->generate = std::move(request);
  return Queue(std::move(state), std::move(sink));
}

Result<std::shared_ptr<RequestControl>> Intake::Submit(EmbedRequest request, std::shared_ptr<Sink> sink) {
  TRY_VOID(CheckRequest(request, parts_.shape, parts_.max_context));
  auto state = std::make_unique<RequestState>();
  state->options = std::move(request.options);
  state->wants_token_vectors = request.token_vectors;
  for (std::vector<int32_t>& input : request.inputs) AddSequence(*state, std::move(input), {});
  return SubmitInputs(std::move(state), std::move(sink));
}

Result<std::shared_ptr<RequestControl>> Intake::Submit(RerankRequest request, std::shared_ptr<Sink> sink) {
  TRY_VOID(CheckRequest(request, parts_.shape, parts_.max_context));
  auto state = std::make_unique<RequestState>();
  state->options = std::move(request.options);
  for (RerankRequest::Pair& pair : request.pairs) {
    AddSequence(*state, std::move(pair.tokens), std::move(pair.segments));
  }
  return SubmitInputs(std::move(state), std::move(sink));
}

Result<std::shared_ptr<RequestControl>> Intake::SubmitInputs(std::unique_ptr<RequestState> state,
                                                             std::shared_ptr<Sink> sink) {
  state->num_unfinished = static_cast<int32_t>(state->sequences.size());
  return Queue(std::move(state), std::move(sink));
}

Result<std::shared_ptr<RequestControl>> Intake::Queue(std::unique_ptr<RequestState> state, std::shared_ptr<Sink> sink) {
  CHECK(sink != nullptr);
  if (num_unstarted_.fetch_add(1) >= parts_.max_waiting) {
    --num_unstarted_;
    ++num_refused_;
    Error error = Error::Exhausted("queue", "got " + std::to_string(parts_.max_waiting) +
                                                " requests waiting already, want fewer; try again later")
                      .WithCode("queue_full");
    error.retry_after = RetryAfter();
    return error;
  }
  ++num_live_;
  state->sink = std::move(sink);
  state->control = std::make_shared<RequestControl>();
  state->control->signal = signal_;
  state->times.submitted = parts_.clock->Now();
  std::shared_ptr<RequestControl> control = state->control;
  {
    const std::lock_guard lock(mutex_);
    state->arrival = next_arrival_++;
    inbox_.push_back(std::move(state));
  }
  signal_->Wake();
  return control;
}

std::vector<int32_t> Intake::EndingIds(const GenerateRequest& request) const {
  std::vector<int32_t> ids = request.stop_token_ids;
  if (!request.ignore_eos) {
    ids.insert(ids.end(), parts_.end_tokens.begin(), parts_.end_tokens.end());
    if (parts_.tokenizer != nullptr) {
      const auto known = parts_.tokenizer->end_of_generation();
      ids.insert(ids.end(), known.begin(), known.end());
    }
  }
  std::erase_if(ids, [&](int32_t id) { return id < 0 || id >= parts_.shape.num_tokens; });
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::vector<std::unique_ptr<RequestState>> Intake::Take() {
  std::vector<std::unique_ptr<RequestState>> arrived;
  const std::lock_guard lock(mutex_);
  arrived.swap(inbox_);
  return arrived;
}

void Intake::Ended(const RequestState& request) {
  if (!request.started) --num_unstarted_;
  --num_live_;
  const auto took = std::chrono::duration_cast<milliseconds>(request.times.finished - request.times.submitted);
  mean_request_ms_ = (mean_request_ms_.load() * 7 + took.count()) / 8;
}

// How long a place in the queue takes to come free, as requests went lately.
milliseconds Intake::RetryAfter() const {
  const int64_t turns = 1 + num_unstarted_.load() / std::max(parts_.max_running, 1);
  return milliseconds(std::clamp<int64_t>(turns * mean_request_ms_.load() / 8, 1000, 60000));
}

}  // namespace atelier
