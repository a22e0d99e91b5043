// What a model is asked while a memory learns: notes of turns under a JSON Schema, how a note relates to what is known,
// whether an answer did what was asked, and what kind of task that was. Every answer is bounded: notes and names by a
// grammar, the rest are typed decisions (provider/decision.h). What follows from them is learning.h's matter;
// `atelier eval notes` measures them alone.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/memory/memory_fact.h"
#include "agent/memory/memory_turn.h"
#include "base/task/call.h"
#include "base/task/task.h"
#include "provider/language_model.h"

namespace atelier {

enum class NoteRelation : uint8_t { kUnrelated, kSame, kReplaces, kCorrects, kForget };
inline constexpr size_t kNoteRelations = 5;
// "unrelated", "same", "replaces", "corrects", "forget".
std::string_view NoteRelationName(NoteRelation relation);

struct JudgedRelation {
  NoteRelation likeliest = NoteRelation::kUnrelated;
  double confidence = 0;  // 0: the model refused to say

  static constexpr double kSureEnough = 0.6;
  static constexpr double kSureToForget = 0.8;  // what cannot be undone; docs/memory.md has why
  // What is acted on: nothing is lost on a guess.
  NoteRelation Taken() const {
    const double least = likeliest == NoteRelation::kForget ? kSureToForget : kSureEnough;
    return confidence < least ? NoteRelation::kUnrelated : likeliest;
  }
};

struct MadeNotes {
  std::vector<MemoryFact> facts;  // without ids
  std::string summary;            // of the conversation so far; may be empty
};

class NoteMaker {
 public:
  // `model` outlives it.
  NoteMaker(LanguageModel& model, std::string chat_model) : model_(model), chat_model_(std::move(chat_model)) {}

  // Of turns of one session, after what was summed up before. Nothing: the model did not bring them to an end.
  // REQUIRES: !turns.empty()
  Task<Result<std::optional<MadeNotes>>> Make(Call call, std::vector<MemoryTurn> turns, std::string so_far,
                                              int64_t now_ms);
  Task<Result<JudgedRelation>> Relate(Call call, std::string known, std::string note);
  // The probability that the answer does what was asked.
  Task<Result<double>> DidWhatWasAsked(Call call, MemoryTurn asked, MemoryTurn answered);
  // What kind of task was asked, in a few words; empty: the model did not say.
  Task<Result<std::string>> NameTask(Call call, MemoryTurn asked);

 private:
  Task<Result<Json>> Write(Call call, std::string prompt, Json schema, int64_t max_tokens);
  Task<Result<DecisionAnswer>> Decide(Call call, DecisionRequest request);

  LanguageModel& model_;
  const std::string chat_model_;
};

}  // namespace atelier
