// What a model is told of a memory before it answers: what is known, what the conversation was so far, and what was
// said that bears on the question, within a budget.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "agent/memory/memory.h"

namespace atelier {

struct ContextRequest {
  std::string question;
  MemoryScope scope = {};      // the session that goes on; turns and facts come from all of its user and agent
  int32_t num_recent = 6;      // of the session's last turns, which are told anyway
  int32_t num_recalled = 6;    // turns that bear on the question
  int32_t num_facts = 6;       // profile and facts
  int64_t max_tokens = 1'000;  // of all of it, counted as four bytes each
  int64_t now_ms = 0;
  // What the model reads of the conversation anyway: where there is any, neither the last turns nor these are told.
  std::set<std::string> read = {};
};

// Empty where nothing is remembered. In this order: facts, the summary of the session, what was said before, the last
// turns of the session; where the budget is small the last turns come first, the newest of them.
Task<Result<std::string>> MemoryContext(Call call, Memory& memory, ContextRequest request);

}  // namespace atelier
