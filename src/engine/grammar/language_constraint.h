// A regular language as a Grammar: one of some texts, or what an expression matches.
#pragma once

#include <memory>

#include "base/result.h"
#include "engine/grammar/grammar.h"

namespace atelier {

// REQUIRES: spec.kind is kRegex or kChoice.   Errors: those of Languages::Pattern; Invalid for no choice.
Result<std::shared_ptr<const Grammar>> CompileLanguage(const GrammarSpec& spec,
                                                       std::shared_ptr<const GrammarVocabulary> vocabulary);

}  // namespace atelier
