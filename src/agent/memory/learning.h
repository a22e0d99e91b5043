// What a memory learns of a conversation once it has been answered: a model writes notes of its new turns under a JSON
// Schema, each with the turns that it stands on, and a summary of the session so far. How a note relates to what is
// known already is a typed decision of the model (provider/decision.h), from which what happens follows:
//
//   unrelated  the note becomes a fact
//   same       the known fact gets the note's turns
//   replaces   the known fact was so until now: it gets an end, the note takes its place
//   corrects   the known fact was never so: it is withdrawn, the note takes its place
//   forget     the person wants the known fact forgotten: it is, for good, and the note is not kept
//
// A decision below kSureEnough counts as unrelated, so that nothing is lost on a guess. Turns are learnt from once.
// Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/memory/memory.h"
#include "base/clock.h"
#include "provider/language_model.h"

namespace atelier {

struct Learnt {
  int64_t num_turns = 0;
  int64_t num_added = 0, num_merged = 0, num_replaced = 0, num_withdrawn = 0, num_forgotten = 0;
  int64_t num_unread = 0;  // turns whose notes the model did not bring to an end

  void Add(const Learnt& more);
};

class MemoryLearner {
 public:
  static constexpr double kSureEnough = 0.6;

  // All outlive it.
  MemoryLearner(Memory& memory, LanguageModel& model, std::string chat_model, const Clock& clock)
      : memory_(memory), model_(model), chat_model_(std::move(chat_model)), clock_(clock) {}

  // From the session's turns that it has not learnt from. Errors: the model's and the memory's; what was learnt before
  // one stays.
  Task<Result<Learnt>> Learn(Call call, MemoryScope session);

 private:
  Task<Result<Learnt>> LearnFrom(Call call, MemorySessionState state, std::vector<MemoryTurn> turns);
  Task<Result<Json>> AskForNotes(Call call, const std::vector<MemoryTurn>& turns, const std::string& so_far);
  Task<Result<void>> Take(Call call, MemoryFact note, Learnt& learnt);
  Task<Result<size_t>> Relation(Call call, const MemoryFact& known, const MemoryFact& note);
  Task<Result<void>> SumUp(Call call, const MemoryScope& session, const std::vector<MemoryTurn>& turns,
                           std::string summary);
  int64_t NowMs() const { return clock_.UnixNanos() / 1'000'000; }

  Memory& memory_;
  LanguageModel& model_;
  const std::string chat_model_;
  const Clock& clock_;
};

// The id of the fact that sums a session up.
std::string EpisodeId(const MemoryScope& session);

}  // namespace atelier
