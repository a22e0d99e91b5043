// A text grammar (GBNF or Lark) or a structural tag as a Grammar.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "engine/grammar/grammar.h"

namespace atelier {

// REQUIRES: spec.kind is kGrammar or kStructuralTag. A grammar with `::=` outside of comments is GBNF, another is Lark.
// Errors: those of ReadGbnf, ReadLark, ReadStructuralTag and CfgMachine.
Result<std::shared_ptr<const Grammar>> CompileCfg(const GrammarSpec& spec,
                                                  std::shared_ptr<const GrammarVocabulary> vocabulary);

// Whether a grammar's text is GBNF.
bool IsGbnf(std::string_view text);

}  // namespace atelier
