// Reasoning that is ended after so many tokens: what ends it is written for the model, which then goes on to its
// answer.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/grammar/grammar.h"
#include "engine/grammar/grammar_vocabulary.h"
#include "model/chat/chat_syntax.h"
#include "provider/reply_grammar.h"

namespace atelier {

// `inner` (null: any text) is what the reply must be, and stays that.
//   state  where the reply begins; not kNone
std::shared_ptr<const Grammar> LimitReasoning(std::shared_ptr<const Grammar> inner, const ReasoningSyntax& marks,
                                              ReasoningState state, int64_t max_tokens,
                                              std::shared_ptr<const GrammarVocabulary> vocabulary);

}  // namespace atelier
