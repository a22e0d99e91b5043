#include "engine/delivery.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace atelier {
namespace {

int32_t NumChoices(const GenerateRequest& request) { return std::max(request.n, request.best_of); }

int64_t NumGenerated(const Sequence& sequence) { return sequence.num_told - sequence.request->prompt_size; }

// The logprobs of each token are delivered, or count for best_of.
bool IsScored(const RequestState& request) { return request.generate->logprobs || !request.held.empty(); }

}  // namespace

std::span<float> Delivery::Row(std::span<float> logits, int64_t row) const {
  return logits.subspan(static_cast<size_t>(row * parts_.num_tokens), static_cast<size_t>(parts_.num_tokens));
}

void Delivery::Constrain(Sequence& sequence) const {
  const RequestState& request = *sequence.request;
  if (request.generate->grammar == nullptr || sequence.constrained) return;
  sequence.constrained.emplace(ConstrainedChoice::Parts{.request = &*request.generate,
                                                        .ending_ids = request.ending_ids,
                                                        .max_tokens = request.max_tokens,
                                                        .num_tokens = parts_.num_tokens,
                                                        .tokenizer = parts_.tokenizer,
                                                        .prefer_closing = parts_.prefer_closing});
}

std::vector<ConstrainedChoice*> Delivery::Constrained(std::span<Sequence* const> scheduled) const {
  std::vector<ConstrainedChoice*> choices;
  for (Sequence* sequence : scheduled) {
    const bool gives_token = sequence->slice_size == sequence->num_left();
    if (!sequence->request->generate || !gives_token) continue;
    Constrain(*sequence);
    if (sequence->constrained) choices.push_back(&*sequence->constrained);
  }
  return choices;
}

void Delivery::Commit(std::span<Sequence* const> scheduled, Outputs outputs) {
  int64_t row = 0;
  int64_t token_row = 0;
  for (size_t i = 0; i < scheduled.size(); ++i) {
    Sequence& sequence = *scheduled[i];
    const int64_t first_token_row = token_row;
    token_row += sequence.slice_size;
    const int64_t first_row = row;
    row += sequence.slice_size - sequence.first_output;
    if (!sequence.request->generate) {
      num_prompt_tokens_ += sequence.slice_size;
      if (sequence.num_left() > 0) continue;
      const auto size = static_cast<size_t>(parts_.vector_size);
      if (sequence.request->wants_token_vectors && !outputs.token_vectors.empty()) {
        sequence.request->sink->OnTokenVectors(
            sequence.index, outputs.token_vectors.subspan(static_cast<size_t>(first_token_row) * size,
                                                          static_cast<size_t>(sequence.slice_size) * size));
      }
      sequence.request->sink->OnVector(sequence.index, outputs.vectors.subspan(i * size, size));
      End(sequence, FinishReason::kStop, {}, {});
      continue;
    }
    if (row > first_row) CommitPromptLogprobs(sequence, outputs.logits, first_row);
    if (row > first_row && sequence.sampler) CommitForced(sequence, outputs.logits, first_row);
    if (sequence.done || sequence.num_left() > 0) continue;
    const std::span<float> logits = Row(outputs.logits, row - 1);
    if (sequence.sampler) {
      ChooseAndDeliver(sequence, logits);
    } else {
      CommitFirst(sequence, logits);
    }
  }
}

void Delivery::CommitPromptLogprobs(Sequence& sequence, std::span<float> logits, int64_t first_row) {
  RequestState& request = *sequence.request;
  if (!request.wants_prompt_logprobs() || sequence.index != 0) return;
  std::vector<LogprobEntry>& entries = request.prompt_logprobs;
  const int64_t slice_begin = sequence.num_computed - sequence.slice_size;
  for (int64_t i = sequence.first_output; i < sequence.slice_size; ++i) {
    const int64_t position = slice_begin + i;
    if (position + 1 != request.next_prompt_logprob() || position + 1 >= request.prompt_size) continue;
    const int32_t next = sequence.tokens[static_cast<size_t>(position) + 1];
    entries.push_back(
        Logprobs(Row(logits, first_row + i - sequence.first_output), next, *request.generate->prompt_logprobs));
  }
}

// Forced tokens whose logprobs were waited for.
void Delivery::CommitForced(Sequence& sequence, std::span<float> logits, int64_t first_row) {
  const RequestState& request = *sequence.request;
  const int64_t begin = sequence.num_computed - sequence.slice_size + sequence.first_output;
  const int64_t end = std::min(sequence.num_computed, static_cast<int64_t>(sequence.tokens.size()) - 1);
  for (int64_t position = begin; position < end && !sequence.done; ++position) {
    const std::span<float> row = Row(logits, first_row + position - begin);
    CHECK(position + 1 == sequence.num_told);
    request.sink->OnLogits(sequence.index, position + 1, row);
    Deliver(sequence, Score(sequence, sequence.tokens[static_cast<size_t>(position) + 1], row));
  }
}

// The prompt is computed: every choice takes its first token from the same logits.
void Delivery::CommitFirst(Sequence& sequence, std::span<float> logits) {
  RequestState& request = *sequence.request;
  num_prompt_tokens_ += request.prompt_size;
  if (request.wants_prompt_logprobs()) request.sink->OnPromptLogprobs(request.prompt_logprobs);
  request.times.first_token = request.times.last_token = parts_.clock->Now();
  const int32_t num_choices = NumChoices(*request.generate);
  if (request.generate->best_of > request.generate->n) request.held.resize(static_cast<size_t>(num_choices));
  if (request.max_tokens > 0) {
    for (int32_t choice = 1; choice < num_choices; ++choice) Split(sequence, choice, logits);
    StartGenerating(sequence);
    ChooseAndDeliver(sequence, logits);
    return;
  }
  End(sequence, FinishReason::kLength, {}, {});
  request.num_unfinished = 0;
  for (int32_t choice = 1; choice < request.generate->n && request.held.empty(); ++choice) {
    request.sink->OnChoiceFinish({choice, FinishReason::kLength, {}, {}, 0});
  }
}

// A further choice leaves `sequence` where the prompt ends.
void Delivery::Split(Sequence& sequence, int32_t choice, std::span<const float> logits) {
  RequestState& request = *sequence.request;
  auto sibling = std::make_unique<Sequence>();
  sibling->request = &request;
  sibling->index = choice;
  sibling->tokens = sequence.tokens;
  StartGenerating(*sibling);
  scratch_.assign(logits.begin(), logits.end());
  const Choice chosen = Choose(*sibling, scratch_);
  parts_.scheduler->Fork(sequence, sibling.get());
  request.sequences.push_back(std::move(sibling));
  Deliver(*request.sequences.back(), chosen);
  JumpAhead(*request.sequences.back());
}

void Delivery::ChooseAndDeliver(Sequence& sequence, std::span<float> logits) {
  Deliver(sequence, Choose(sequence, logits));
  JumpAhead(sequence);
}

// Forced tokens follow at once, where no logprobs are wanted, else with those of the step that computes them.
void Delivery::JumpAhead(Sequence& sequence) {
  if (!parts_.jump_ahead || !sequence.constrained) return;
  const RequestState& request = *sequence.request;
  const int64_t end = std::min(request.prompt_size + request.max_tokens, parts_.max_context);
  for (int64_t i = 0; i < kMaxJump && !sequence.done; ++i) {
    if (static_cast<int64_t>(sequence.tokens.size()) >= end) return;
    const auto forced = sequence.constrained->TakeForced();
    if (!forced) return;
    ++num_jumped_tokens_;
    sequence.tokens.push_back(*forced);
    if (!IsScored(request)) Deliver(sequence, {*forced, {}});
  }
}

void Delivery::StartGenerating(Sequence& sequence) {
  const RequestState& request = *sequence.request;
  const GenerateRequest& asked = *request.generate;
  SamplerContext context;
  context.num_tokens = parts_.num_tokens;
  context.prompt_size = request.prompt_size;
  context.choice = sequence.index;
  context.min_tokens = asked.min_tokens;
  context.ending_ids = request.ending_ids;
  context.dry_breaker_ids = request.dry_breaker_ids;
  sequence.sampler.emplace(asked.sampling, context);
  sequence.num_told = request.prompt_size;
  Constrain(sequence);
  // What a grammar reads is told byte by byte: a blank that begins the output stays, an unfinished character of the
  // prompt is not its.
  const bool constrained = asked.grammar != nullptr;
  const DecodeOptions decode{
      .skip_special = asked.skip_special_tokens, .mark_special = asked.mark_special_tokens, .continues = constrained};
  const int32_t before = constrained ? -1 : sequence.tokens.back();
  sequence.text.emplace(parts_.tokenizer, decode, before, asked.stop, asked.include_stop_str);
  sequence.last_token_time = request.times.first_token;
}

Delivery::Choice Delivery::Choose(Sequence& sequence, std::span<float> logits) {
  const RequestState& request = *sequence.request;
  const auto position = static_cast<int64_t>(sequence.tokens.size());
  request.sink->OnLogits(sequence.index, position, logits);
  if (IsScored(request)) raw_.assign(logits.begin(), logits.end());  // picking overwrites them
  const int32_t token = Pick(sequence, logits);
  sequence.tokens.push_back(token);
  if (!IsScored(request)) return {token, {}};
  return Score(sequence, token, raw_);
}

// A token with its logprobs, which count for best_of.
Delivery::Choice Delivery::Score(Sequence& sequence, int32_t token, std::span<const float> logits) const {
  const std::optional<int32_t> asked = sequence.request->generate->logprobs;
  LogprobEntry entry = Logprobs(logits, token, asked.value_or(0));
  sequence.logprob_sum += entry.chosen.logprob;
  if (!asked) return {token, {}};
  return {token, std::move(entry)};
}

int32_t Delivery::Pick(Sequence& sequence, std::span<float> logits) {
  if (sequence.constrained) return sequence.constrained->Pick(*sequence.sampler, logits, sequence.tokens);
  return sequence.sampler->Pick(logits, sequence.tokens);
}

void Delivery::Deliver(Sequence& sequence, const Choice& choice) {
  RequestState& request = *sequence.request;
  const GenerateRequest& asked = *request.generate;
  ++sequence.num_told;
  const int64_t num_generated = NumGenerated(sequence);
  ++num_generated_tokens_;
  ++request.usage.completion_tokens;
  TellTimes(sequence);

  const auto& constrained = sequence.constrained;
  const bool may_end = (num_generated > asked.min_tokens || (constrained && constrained->ended())) &&
                       !(constrained && constrained->goes_on());
  if (sequence.constrained && sequence.constrained->stuck()) {
    Emit(sequence, choice, sequence.text->Flush());
    return End(sequence, FinishReason::kLength, {}, {});
  }
  if (may_end && std::ranges::binary_search(request.ending_ids, choice.token)) {
    const bool shown = asked.include_stop_str && std::ranges::count(asked.stop_token_ids, choice.token) > 0;
    std::string text = shown ? sequence.text->Push(choice.token, false).text : std::string();
    text += sequence.text->Flush();
    Emit(sequence, choice, text);
    return End(sequence, FinishReason::kStop, {}, choice.token);
  }
  StopFinder::Step step = sequence.text->Push(choice.token, num_generated >= asked.min_tokens);
  const bool full = num_generated >= request.max_tokens || sequence.num_told >= parts_.max_context;
  if (full && !step.stop) step.text += sequence.text->Flush();
  Emit(sequence, choice, step.text);
  if (step.stop) return End(sequence, FinishReason::kStop, *step.stop, {});
  if (full) End(sequence, FinishReason::kLength, {}, {});
}

void Delivery::TellTimes(Sequence& sequence) {
  RequestState& request = *sequence.request;
  const Clock::TimePoint now = parts_.clock->Now();
  request.times.last_token = now;
  if (parts_.listener != nullptr) {
    if (NumGenerated(sequence) > 1) {
      parts_.listener->OnNextToken(now - sequence.last_token_time);
    } else if (sequence.index == 0) {
      parts_.listener->OnFirstToken(now - request.times.submitted);
    }
  }
  sequence.last_token_time = now;
}

void Delivery::Emit(Sequence& sequence, const Choice& choice, std::string_view text) {
  RequestState& request = *sequence.request;
  if (!request.held.empty()) {
    HeldChoice& held = request.held[static_cast<size_t>(sequence.index)];
    held.tokens.push_back(choice.token);
    held.text += text;
    if (choice.logprob) held.logprobs.push_back(*choice.logprob);
    return;
  }
  Delta delta{.choice = sequence.index, .tokens = {&choice.token, 1}, .text = text, .logprobs = {}};
  if (choice.logprob) delta.logprobs = {&*choice.logprob, 1};
  request.sink->OnDelta(delta);
}

void Delivery::End(Sequence& sequence, FinishReason reason, std::string_view stop_string,
                   std::optional<int32_t> stop_token) {
  RequestState& request = *sequence.request;
  parts_.scheduler->Remove(&sequence);
  sequence.done = true;
  request.any_cut |= reason == FinishReason::kLength;
  --request.num_unfinished;
  if (!request.generate) return;
  request.longest_choice = std::max(request.longest_choice, NumGenerated(sequence));
  if (!request.held.empty()) {
    HeldChoice& held = request.held[static_cast<size_t>(sequence.index)];
    held.reason = reason;
    held.stop_string = stop_string;
    held.stop_token = stop_token;
    held.mean_logprob = sequence.logprob_sum / static_cast<double>(std::max<int64_t>(NumGenerated(sequence), 1));
    return;
  }
  request.sink->OnChoiceFinish({sequence.index, reason, stop_string, stop_token, NumGenerated(sequence)});
}

void Delivery::ReleaseHeld(RequestState& request) {
  std::vector<size_t> order(request.held.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](size_t a, size_t b) {
    const double mean_a = request.held[a].mean_logprob;
    const double mean_b = request.held[b].mean_logprob;
    return mean_a > mean_b || (mean_a == mean_b && a < b);
  });
  for (int32_t choice = 0; choice < request.generate->n; ++choice) {
    const HeldChoice& held = request.held[order[static_cast<size_t>(choice)]];
    request.sink->OnDelta({choice, held.tokens, held.text, held.logprobs});
    request.sink->OnChoiceFinish(
        {choice, held.reason, held.stop_string, held.stop_token, static_cast<int64_t>(held.tokens.size())});
  }
}

void Delivery::Finish(RequestState& request, FinishReason reason, const Error* error) {
  const bool completed = reason != FinishReason::kCancelled && reason != FinishReason::kError;
  if (completed && !request.held.empty()) ReleaseHeld(request);
  RequestTimes& times = request.times;
  times.finished = parts_.clock->Now();
  if (!request.started) times.scheduled = times.finished;
  times.first_token = std::max(times.first_token, times.scheduled);
  times.last_token = std::max(times.last_token, times.first_token);
  TellFinish(request, reason);
  request.sink->OnFinish({request.usage, times, reason, error});
}

void Delivery::TellFinish(const RequestState& request, FinishReason reason) {
  if (parts_.listener == nullptr) return;
  RequestFigures figures{.usage = request.usage, .times = request.times, .reason = reason};
  if (request.generate) {
    figures.generated = true;
    figures.n = request.generate->n;
    figures.longest_choice = request.longest_choice;
    figures.max_tokens = request.generate->max_tokens;
  }
  parts_.listener->OnRequestFinish(figures);
}

}  // namespace atelier
