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
// A decision that is not sure enough counts as unrelated, so that nothing is lost on a guess. Turns are learnt from
// once.
//
// What worked is learnt from what was done, not from what was said of it: where a turn's answer came of calls of tools
// (work_done.h), no person refused one, and a decision says that the answer did what was asked, the tools in their
// order become a procedure for tasks of that kind. The model words the kind of task alone.
// Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/memory/memory.h"
#include "agent/memory/note_maker.h"
#include "agent/memory/work_done.h"
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
  // All outlive it. `find_work` empty: no procedures are learnt.
  MemoryLearner(Memory& memory, LanguageModel& model, std::string chat_model, const Clock& clock,
                FindWork find_work = {})
      : memory_(memory), notes_(model, std::move(chat_model)), clock_(clock), find_work_(std::move(find_work)) {}

  // From the session's turns that it has not learnt from. Errors: the model's and the memory's; what was learnt before
  // one stays.
  Task<Result<Learnt>> Learn(Call call, MemoryScope session);

 private:
  Task<Result<Learnt>> LearnFrom(Call call, MemorySessionState state, std::vector<MemoryTurn> turns);
  Task<Result<void>> LearnProcedure(Call call, MemoryTurn answered, Learnt& learnt);
  Task<Result<void>> Take(Call call, MemoryFact note, Learnt& learnt);
  Task<Result<NoteRelation>> Relation(Call call, const MemoryFact& known, const MemoryFact& note);
  Task<Result<void>> SumUp(Call call, const MemoryScope& session, const std::vector<MemoryTurn>& turns,
                           std::string summary);
  int64_t NowMs() const { return clock_.UnixNanos() / 1'000'000; }

  Memory& memory_;
  NoteMaker notes_;
  const Clock& clock_;
  const FindWork find_work_;
};

// The id of the fact that sums a session up.
std::string EpisodeId(const MemoryScope& session);

}  // namespace atelier
