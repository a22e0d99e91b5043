#include "agent/memory/learning.h"

#include <algorithm>
#include <utility>

#include "agent/memory/memory_record.h"

namespace atelier {
namespace {

constexpr int32_t kTurnsAtOnce = 16;  // that notes are written of
constexpr int32_t kCompared = 3;      // known facts that a note is compared with
constexpr double kAlike = 0.55;       // cosine below which it is not
constexpr char kProcedure[] = "procedure";

}  // namespace

std::string EpisodeId(const MemoryScope& session) { return "f/episode-" + SessionRecordId(session).substr(2); }

void Learnt::Add(const Learnt& more) {
  num_turns += more.num_turns, num_unread += more.num_unread;
  num_added += more.num_added, num_merged += more.num_merged, num_replaced += more.num_replaced;
  num_withdrawn += more.num_withdrawn, num_forgotten += more.num_forgotten;
}

Task<Result<NoteRelation>> MemoryLearner::Relation(Call call, const MemoryFact& known, const MemoryFact& note) {
  if (known.text == note.text) co_return NoteRelation::kSame;
  CO_TRY(const JudgedRelation judged, co_await notes_.Relate(std::move(call), known.text, note.text));
  const NoteRelation taken = judged.Taken();
  // That something worked withdraws nothing, and no person asked for it.
  const bool can_be = note.kind != kProcedure || taken == NoteRelation::kSame || taken == NoteRelation::kReplaces;
  co_return can_be ? taken : NoteRelation::kUnrelated;
}

Task<Result<void>> MemoryLearner::Take(Call call, MemoryFact note, Learnt& learnt) {
  RecallRequest request;
  request.question = note.text, request.top_k = kCompared;
  request.scope.user = note.user, request.scope.agent = note.agent;
  CO_TRY(std::vector<RecalledFact> known, co_await memory_.RecallFacts(call, std::move(request), NowMs()));
  for (RecalledFact& one : known) {
    MemoryFact& fact = one.fact;
    // How one works says nothing of what is so.
    if (note.kind == kProcedure && fact.kind != kProcedure) continue;
    if (fact.kind == "episode" || (one.likeness && *one.likeness < kAlike)) continue;
    CO_TRY(const NoteRelation relation, co_await Relation(call, fact, note));
    if (relation == NoteRelation::kUnrelated) continue;
    if (relation == NoteRelation::kForget) {
      auto forget = [&] { return memory_.store().Forget({fact.id}); };
      auto forgetting = OnPool(memory_.pool(), forget);
      CO_TRY_VOID(co_await forgetting);
      ++learnt.num_forgotten;
      co_return Result<void>();
    }
    std::vector<MemoryFact> changed;
    if (relation == NoteRelation::kSame) {
      for (std::string& source : note.sources) {
        const bool is_new = std::ranges::find(fact.sources, source) == fact.sources.end();
        if (is_new && fact.sources.size() < kMaxFactSources) fact.sources.push_back(std::move(source));
      }
      fact.importance = std::max(fact.importance, note.importance);
      ++learnt.num_merged;
    } else {
      note.id = NewFactId();
      fact.replaced_by = note.id;
      if (relation == NoteRelation::kReplaces) {
        fact.valid_to_ms = note.valid_from_ms > 0 ? note.valid_from_ms : note.recorded_ms, ++learnt.num_replaced;
      } else {
        fact.withdrawn_ms = note.recorded_ms, ++learnt.num_withdrawn;
      }
      changed.push_back(std::move(note));
    }
    changed.push_back(std::move(fact));
    CO_TRY_VOID(co_await memory_.PutFacts(call, std::move(changed)));
    co_return Result<void>();
  }
  ++learnt.num_added;
  std::vector<MemoryFact> added = {std::move(note)};
  CO_TRY_VOID(co_await memory_.PutFacts(call, std::move(added)));
  co_return Result<void>();
}

Task<Result<void>> MemoryLearner::SumUp(Call call, const MemoryScope& session, const std::vector<MemoryTurn>& turns,
                                        std::string summary) {
  MemoryFact episode;
  episode.id = EpisodeId(session), episode.kind = "episode";
  episode.user = session.user, episode.agent = session.agent, episode.session = session.session;
  auto find = [&] { return memory_.store().Facts({episode.id}); };
  auto finding = OnPool(memory_.pool(), find);
  CO_TRY(const std::vector<MemoryFact> before, co_await finding);
  if (!before.empty()) episode = before.front();
  episode.text = std::move(summary);
  for (const MemoryTurn& turn : turns) {
    if (episode.sources.size() < kMaxFactSources) episode.sources.push_back(turn.id);
    if (episode.valid_from_ms == 0) episode.valid_from_ms = turn.said_ms;
  }
  episode.recorded_ms = NowMs();
  std::vector<MemoryFact> facts = {std::move(episode)};
  CO_TRY_VOID(co_await memory_.PutFacts(std::move(call), std::move(facts)));
  co_return Result<void>();
}

Task<Result<void>> MemoryLearner::LearnProcedure(Call call, MemoryTurn answered, Learnt& learnt) {
  // The question is the turn before; what was forgotten of either teaches nothing.
  auto find = [&] { return memory_.store().Turns({TurnIdAt(answered.id, PlaceOf(answered.id) - 1)}); };
  auto finding = OnPool(memory_.pool(), find);
  CO_TRY(const std::vector<MemoryTurn> before, co_await finding);
  if (before.empty() || before.front().work != answered.work) co_return Result<void>();
  const MemoryTurn& asked = before.front();
  auto looking = find_work_(answered.work);
  CO_TRY(const std::optional<WorkDone> work, co_await looking);
  const std::string tools = work && !work->was_refused ? InWords(*work) : std::string();
  if (tools.empty()) co_return Result<void>();
  CO_TRY(const double did, co_await notes_.DidWhatWasAsked(call, asked, answered));
  if (did < JudgedRelation::kSureEnough) co_return Result<void>();
  CO_TRY(const std::string task, co_await notes_.NameTask(call, asked));
  if (task.empty()) co_return Result<void>();
  MemoryFact note;
  note.user = answered.scope.user, note.agent = answered.scope.agent, note.session = answered.scope.session;
  note.kind = kProcedure, note.text = "What worked for " + task + ": " + tools;
  note.sources = {asked.id, answered.id};
  note.valid_from_ms = answered.said_ms, note.recorded_ms = NowMs();
  CO_TRY_VOID(co_await Take(std::move(call), std::move(note), learnt));
  co_return Result<void>();
}

Task<Result<Learnt>> MemoryLearner::LearnFrom(Call call, MemorySessionState state, std::vector<MemoryTurn> turns) {
  Learnt learnt;
  if (!turns.empty()) {
    auto find = [&] { return memory_.store().Facts({EpisodeId(state.scope)}); };
    auto finding = OnPool(memory_.pool(), find);
    CO_TRY(const std::vector<MemoryFact> episode, co_await finding);
    const std::string so_far = episode.empty() ? "" : episode.front().text;
    learnt.num_turns = static_cast<int64_t>(turns.size());
    CO_TRY(std::optional<MadeNotes> made, co_await notes_.Make(call, turns, so_far, NowMs()));
    if (!made) learnt.num_unread = learnt.num_turns;
    const MadeNotes notes = made ? *std::move(made) : MadeNotes();
    for (const MemoryFact& note : notes.facts) CO_TRY_VOID(co_await Take(call, note, learnt));
    if (!notes.summary.empty()) CO_TRY_VOID(co_await SumUp(call, state.scope, turns, notes.summary));
    for (MemoryTurn& turn : turns) {
      const bool is_answer = find_work_ && !turn.work.empty() && turn.speaker == turn.scope.agent;
      if (is_answer && PlaceOf(turn.id) > 0) CO_TRY_VOID(co_await LearnProcedure(call, std::move(turn), learnt));
    }
  }
  std::vector<MemoryFact> none;
  CO_TRY_VOID(co_await memory_.PutFacts(std::move(call), std::move(none), std::move(state)));
  co_return learnt;
}

Task<Result<Learnt>> MemoryLearner::Learn(Call call, MemoryScope session) {
  Learnt all;
  while (true) {
    auto look = [&] { return memory_.store().StateOf(session); };
    auto looking = OnPool(memory_.pool(), look);
    CO_TRY(MemorySessionState state, co_await looking);
    if (state.num_learnt >= state.num_places) co_return all;
    auto read = [&] { return memory_.store().TurnsFrom(session, state.num_learnt, kTurnsAtOnce); };
    auto reading = OnPool(memory_.pool(), read);
    CO_TRY(std::vector<MemoryTurn> turns, co_await reading);
    state.num_learnt = std::min<int64_t>(state.num_places, state.num_learnt + kTurnsAtOnce);
    CO_TRY(const Learnt more, co_await LearnFrom(call, std::move(state), std::move(turns)));
    all.Add(more);
  }
}

}  // namespace atelier
