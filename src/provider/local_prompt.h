// From a prompt to the ids that a local model reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/local_model.h"
#include "provider/language_model.h"

namespace atelier {

struct PreparedPrompt {
  std::vector<int32_t> tokens;
  std::string text;  // what was tokenised; empty for ids
};

// Errors: a template that raises, a model without a template, ids outside the vocabulary, nothing at all.
Result<PreparedPrompt> PreparePrompt(const LocalModel& model, const Prompt& prompt, const Clock& clock);

// How many bytes of text a prompt holds, to decide where to prepare it.
int64_t PromptBytes(const Prompt& prompt);

}  // namespace atelier
