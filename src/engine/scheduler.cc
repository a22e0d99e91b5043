#include "engine/scheduler.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace atelier {
namespace {

int64_t NumTokens(const Sequence& sequence) { return static_cast<int64_t>(sequence.tokens.size()); }

// The first token whose logits are still wanted: the row before it gives them. Of generations.
int64_t FirstWanted(const Sequence& sequence) {
  const RequestState& request = *sequence.request;
  if (sequence.index == 0 && request.next_prompt_logprob() < request.prompt_size) return request.next_prompt_logprob();
  return sequence.sampler ? sequence.num_told : NumTokens(sequence);
}

// Where the rows of a slice of this size begin to give logits.
int64_t FirstOutput(const Sequence& sequence, int64_t slice_size) {
  const RequestState& request = *sequence.request;
  if (!request.generate) return slice_size;
  return std::clamp<int64_t>(FirstWanted(sequence) - 1 - sequence.num_computed, 0, slice_size);
}

}  // namespace

void Scheduler::Add(Sequence* sequence) {
  CHECK(!sequence->running && !sequence->done && sequence->num_left() > 0);
  if (sequence->hold == nullptr) sequence->hold = cache_->Open();
  CHECK(waiting_.insert(sequence).second);
}

void Scheduler::Fork(const Sequence& parent, Sequence* sibling) {
  CHECK(parent.running && sibling->num_computed == 0 && NumTokens(*sibling) > parent.num_computed);
  sibling->hold = cache_->Open();
  if (num_running() >= limits_.max_running || !cache_->Fork(*parent.hold, *sibling->hold, parent.num_computed)) {
    Add(sibling);
    return;
  }
  sibling->num_computed = parent.num_computed;
  sibling->running = true;
  running_.insert(sibling);
}

void Scheduler::Remove(Sequence* sequence) {
  if (sequence->running) {
    cache_->Release(*sequence->hold);
    running_.erase(sequence);
    sequence->running = false;
  } else {
    waiting_.erase(sequence);
  }
  sequence->slice_size = 0;
}

std::span<Sequence* const> Scheduler::Next() {
  for (Sequence* sequence : running_) sequence->slice_size = 0;
  Room room{.rows = limits_.max_step_rows, .outputs = limits_.max_outputs};
  ScheduleDecodes(room);
  const bool streams_run = room.rows < limits_.max_step_rows;
  room.prefill = streams_run ? std::min<int64_t>(room.rows, limits_.max_prefill_beside_decode) : room.rows;
  ScheduleRunningPrefills(room);
  AdmitWaiting(room);
  scheduled_.clear();
  for (Sequence* sequence : running_) {
    if (sequence->slice_size > 0) scheduled_.push_back(sequence);
  }
  return scheduled_;
}

// Each gets a row, and then those with forced tokens more of them, as far as rows are left.
void Scheduler::ScheduleDecodes(Room& room) {
  std::vector<Sequence*> decoding;
  std::ranges::copy_if(running_, std::back_inserter(decoding), [](const Sequence* s) { return s->decodes(); });
  const auto num_decoding = static_cast<int64_t>(decoding.size());
  int64_t spare = std::min(room.rows, room.outputs) - num_decoding;
  for (Sequence* sequence : decoding) {
    if (!sequence->running || room.rows == 0 || room.outputs == 0) continue;
    const int64_t more = std::clamp<int64_t>(spare, 0, sequence->num_left() - 1);
    if (!MakeRoom(sequence, 1 + more, room)) continue;
    Take(sequence, 1 + more, room);
    spare -= more;
  }
}

void Scheduler::ScheduleRunningPrefills(Room& room) {
  const std::vector<Sequence*> in_order(running_.begin(), running_.end());
  for (Sequence* sequence : in_order) {
    if (!sequence->running || sequence->slice_size > 0) continue;
    const int64_t slice_size = SliceSize(*sequence, room);
    if (slice_size > 0 && MakeRoom(sequence, slice_size, room)) Take(sequence, slice_size, room);
  }
}

void Scheduler::AdmitWaiting(Room& room) {
  while (!waiting_.empty() && room.prefill > 0) {
    Sequence* next = *waiting_.begin();
    if (!Admit(next, room)) return;
  }
}

bool Scheduler::Admit(Sequence* sequence, Room& room) {
  RequestState& request = *sequence->request;
  const auto displace = [&] {  // frees the place and blocks of a running sequence of lower priority
    if (running_.empty() || (*running_.rbegin())->request->options.priority <= request.options.priority) return false;
    Preempt(*running_.rbegin(), &room);
    return true;
  };
  if (num_running() >= limits_.max_running && !displace()) return false;

  const std::span<const int32_t> tokens = sequence->tokens;
  int64_t hit = 0;
  if (request.reads_prefix_cache) {
    const int64_t most = request.generate ? FirstWanted(*sequence) - 1 : NumTokens(*sequence) - 1;
    hit =
        cache_->LongestHit(request.scope, tokens.first(static_cast<size_t>(most)));  // the next one's logits are wanted
    cache_->Adopt(*sequence->hold, request.scope, tokens, hit);
  }
  sequence->num_computed = hit;
  const int64_t slice_size = SliceSize(*sequence, room);
  // Blocks for all its tokens must be left after what running sequences still need for theirs.
  const auto fits = [&] {
    int64_t needed = cache_->BlocksFor(NumTokens(*sequence)) - cache_->BlocksFor(hit);
    for (const Sequence* other : running_) {
      const auto num_held = static_cast<int64_t>(cache_->Table(*other->hold).size());
      needed += std::max<int64_t>(0, cache_->BlocksFor(NumTokens(*other)) - num_held);
    }
    return needed <= cache_->num_free();
  };
  bool fit = slice_size > 0 && fits();
  while (slice_size > 0 && !fit && displace()) fit = fits();
  if (!fit) {
    cache_->Release(*sequence->hold);
    sequence->num_computed = 0;
    return false;
  }
  if (request.reads_prefix_cache && !request.started) {
    prefix_queried_tokens_ += NumTokens(*sequence);
    prefix_hit_tokens_ += hit;
    request.usage.cached_tokens = hit;
  }
  waiting_.erase(sequence);
  running_.insert(sequence);
  sequence->running = true;
  CHECK(cache_->Grow(*sequence->hold, sequence->num_computed + slice_size));
  Take(sequence, slice_size, room);
  return true;
}

int64_t Scheduler::SliceSize(const Sequence& sequence, const Room& room) const {
  if (limits_.whole_input) return sequence.num_left() <= room.prefill ? sequence.num_left() : 0;
  int64_t slice_size = std::min(sequence.num_left(), room.prefill);
  const int64_t num_outputs = slice_size - FirstOutput(sequence, slice_size);
  if (num_outputs > room.outputs) slice_size -= num_outputs - room.outputs;
  return slice_size;
}

void Scheduler::Take(Sequence* sequence, int64_t slice_size, Room& room) {
  CHECK(slice_size > 0);
  sequence->slice_size = slice_size;
  sequence->first_output = FirstOutput(*sequence, slice_size);
  room.rows -= slice_size;
  room.prefill -= slice_size;
  room.outputs -= slice_size - sequence->first_output;
  CHECK(room.rows >= 0 && room.outputs >= 0);
}

bool Scheduler::MakeRoom(Sequence* sequence, int64_t slice_size, Room& room) {
  while (!cache_->Grow(*sequence->hold, sequence->num_computed + slice_size)) {
    Sequence* last = *running_.rbegin();
    Preempt(last, &room);
    if (last == sequence) return false;
  }
  return true;
}

void Scheduler::Preempt(Sequence* sequence, Room* room) {
  room->rows += sequence->slice_size;
  room->prefill += sequence->slice_size;
  room->outputs += sequence->slice_size > 0 ? sequence->slice_size - sequence->first_output : 0;
  sequence->slice_size = 0;
  sequence->num_computed = 0;
  cache_->Release(*sequence->hold);
  running_.erase(sequence);
  sequence->running = false;
  waiting_.insert(sequence);
  ++sequence->request->times.num_preemptions;
  ++num_preemptions_;
}

const StepBatch& Scheduler::Batch() {
  batch_.tokens.clear();
  batch_.positions.clear();
  batch_.sequences.clear();
  batch_.segments.clear();
  batch_.outputs.clear();
  tables_.clear();
  const bool has_segments = std::ranges::any_of(scheduled_, [](const Sequence* s) { return !s->segments.empty(); });
  for (const Sequence* sequence : scheduled_) {
    const int64_t begin = sequence->num_computed;
    for (int64_t i = 0; i < sequence->slice_size; ++i) {
      if (i >= sequence->first_output) batch_.outputs.push_back(batch_.num_rows());
      batch_.tokens.push_back(sequence->tokens[static_cast<size_t>(begin + i)]);
      batch_.positions.push_back(static_cast<int32_t>(begin + i));
      batch_.sequences.push_back(static_cast<int32_t>(tables_.size()));
      if (has_segments) {
        batch_.segments.push_back(sequence->segments.empty() ? 0 : sequence->segments[static_cast<size_t>(begin + i)]);
      }
    }
    tables_.push_back(cache_->Table(*sequence->hold));
  }
  batch_.cache = {cache_->base(), cache_->block_bytes(), tables_};
  return batch_;
}

void Scheduler::Ran() {
  for (Sequence* sequence : scheduled_) {
    sequence->num_computed += sequence->slice_size;
    const auto computed = std::span(sequence->tokens).first(static_cast<size_t>(sequence->num_computed));
    cache_->Publish(*sequence->hold, sequence->request->scope, computed);
  }
}

void Scheduler::CheckInvariants() const {
  std::vector<const CacheHold*> holds;
  CHECK(num_running() <= limits_.max_running);
  for (const Sequence* sequence : running_) {
    CHECK(sequence->running && !sequence->done && !waiting_.contains(const_cast<Sequence*>(sequence)));
    CHECK(sequence->num_computed >= 0 && sequence->num_computed <= NumTokens(*sequence));
    if (cache_->num_blocks() > 0) {
      const auto num_held = static_cast<int64_t>(cache_->Table(*sequence->hold).size());
      CHECK(num_held * kBlockPositions >= sequence->num_computed);
    }
    holds.push_back(sequence->hold.get());
  }
  for (const Sequence* sequence : waiting_) {
    CHECK(!sequence->running && !sequence->done && sequence->num_computed == 0);
    CHECK(cache_->Table(*sequence->hold).empty());
  }
  cache_->CheckInvariants(holds);
}

}  // namespace atelier
