// A Lark grammar as it is written: rules, terminals, %ignore, %import. What they mean is lark.h's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "engine/grammar/grammar_text.h"
#include "engine/grammar/lark_regex.h"

namespace atelier {

struct LarkExpr {
  enum class Kind : uint8_t {
    kText,       // text; flags
    kRange,      // text to last, one character each
    kRegex,      // text; flags
    kName,       // text: of a rule or a terminal
    kSequence,   // parts
    kChoice,     // parts
    kBoth,       // parts: what all of them match (terminals only)
    kNot,        // parts[0] (terminals only)
    kRepeat,     // parts[0], min to max times
    kJson,       // schema
    kSubstring,  // texts: a run of them
    kToken,      // text: a control token's name, with its angle brackets
  };
  Kind kind = Kind::kSequence;
  size_t at = 0;  // offset in the grammar
  std::string text = {}, last = {};
  LarkFlags flags = {};
  int64_t min = 0, max = 0;
  std::vector<LarkExpr> parts = {};
  Json schema = {};
  std::vector<std::string> texts = {};
};

struct LarkDefinition {
  size_t at = 0;
  LarkExpr body;
  bool lazy = false;               // of as few characters as can be
  std::optional<LarkExpr> suffix;  // lazy up to it
};

struct LarkGrammar {
  std::map<std::string, LarkDefinition> definitions;  // terminals are those in capitals
  std::vector<LarkExpr> ignored;
  std::map<std::string, std::pair<size_t, std::string>> imports;  // name -> offset, name in `common`
  bool ignores_at_start = false;
  bool ignores_once = false;  // what is ignored stands there once at most
};

inline bool IsLarkTerminal(std::string_view name) {
  const size_t at = name.find_first_not_of('_');
  return at != name.npos && name[at] >= 'A' && name[at] <= 'Z';
}

// Errors: `where` is a line and a column.
Result<LarkGrammar> ParseLark(GrammarText text);

}  // namespace atelier
