// A generation read to its end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task/task.h"
#include "provider/language_model.h"

namespace atelier {

// A call, all of it.
struct GatheredCall {
  std::string id, name, arguments;
  bool custom = false;
};
struct GatheredChoice {
  std::string text, reasoning;
  std::vector<GatheredCall> calls;
  std::vector<int32_t> tokens;
  std::vector<TokenChoice> logprobs;
  GenerationChoiceEnd end;

  void Add(const GenerationDelta& delta);
  // As one delta.
  GenerationDelta Whole() const;
};
struct Gathered {
  std::vector<GatheredChoice> choices;  // [n]
  GenerationEnd end;
};

void AddUsage(Usage& total, const Usage& more);
// Its usage and its reasoning tokens.
void AddUsed(GenerationEnd& total, const GenerationEnd& more);

// The error of the end is the result's.
Task<Result<Gathered>> Gather(Generation generation, int32_t num_choices);

// A generation that has happened already: its events wait in the channel.
Generation Replay(Loop& loop, std::vector<GenerationEvent> events);
// All that was gathered, as events.
std::vector<GenerationEvent> EventsOf(const Gathered& gathered);

}  // namespace atelier
