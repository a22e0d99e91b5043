// One prompt, one answer: what the steps of a pipeline ask a chat model in between. Always the same answer to the same
// prompt, as far as the model can: temperature 0, a fixed seed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/task/call.h"
#include "base/task/task.h"
#include "provider/language_model.h"

namespace atelier {

struct Asked {
  std::string model;
  std::string prompt;  // of the user; there is no other message
  int64_t max_tokens = 100;
  std::optional<GrammarSpec> grammar = {};  // what the answer must be
};
struct AskedReply {
  std::string text;
  bool was_cut = false;  // by max_tokens
  Usage usage;
};
// Errors: those of LanguageModel::Generate, and of the generation's end.
Task<Result<AskedReply>> Ask(Call call, LanguageModel& model, Asked asked);

}  // namespace atelier
