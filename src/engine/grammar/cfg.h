// Grammars that may be recursive, as one form: rules, each an expression over terminals (regular languages), other
// rules and whole JSON documents. GBNF, Lark and structural tags are read into it; CfgMachine reads outputs by it.
//
// Expressions are interned: the same expression has the same id. They are made in the cheapest equal form: neighbouring
// terminals become one, what cannot be matched disappears. `Cfg::Fold` then makes a terminal of every rule that needs
// no stack, so that ordinary grammars become one regular language.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "engine/grammar/json_machine.h"
#include "engine/grammar/language.h"
#include "engine/grammar/token_trie.h"

namespace atelier {

using CfgExprId = int32_t;

struct CfgExpr {
  enum class Kind : uint8_t {
    kTerminal,  // value: a LanguageId
    kRule,      // value: an index of rules
    kJson,      // value: an index of documents
    kConcat,    // parts
    kOr,        // parts
    kRepeat,    // parts[0], min to max times
  };
  static constexpr int64_t kNoMax = INT64_MAX;

  Kind kind = Kind::kTerminal;
  int32_t value = 0;
  int64_t min = 0, max = 0;
  std::vector<CfgExprId> parts = {};

  auto operator<=>(const CfgExpr&) const = default;
};

// What grammars together may need; past it they are TooLarge.
inline constexpr size_t kMaxCfgExprs = 400'000;      // largest seen: 3,000
inline constexpr int32_t kMaxCfgStates = 200'000;    // of all rules that are no terminals
inline constexpr size_t kMaxGrammarBytes = 1 << 20;  // of a grammar's text
inline constexpr int kMaxGrammarNesting = 100;       // groups within each other

class Cfg {
 public:
  static constexpr CfgExprId kNothing = 0;  // no string
  static constexpr CfgExprId kEmpty = 1;    // the empty string

  // `tokens`: those that the grammar may name; null: none. Outlives the grammar's reading.
  explicit Cfg(const TokenTrie* tokens = nullptr);

  const TokenTrie* tokens() const { return tokens_; }

  Languages& languages() { return *languages_; }
  const CfgExpr& expr(CfgExprId id) const { return *exprs_[static_cast<size_t>(id)]; }

  CfgExprId Terminal(LanguageId language);
  CfgExprId Rule(int32_t rule);
  CfgExprId Json(std::unique_ptr<JsonMachine> document);
  CfgExprId Concat(const std::vector<CfgExprId>& parts);
  CfgExprId Or(const std::vector<CfgExprId>& parts);
  CfgExprId Repeat(CfgExprId part, int64_t min, int64_t max);

  // A rule that is defined later.
  int32_t AddRule();
  void Define(int32_t rule, CfgExprId body) { rules_[static_cast<size_t>(rule)] = body; }
  CfgExprId body(int32_t rule) const { return rules_[static_cast<size_t>(rule)]; }
  int32_t num_rules() const { return static_cast<int32_t>(rules_.size()); }
  JsonMachine& document(int32_t index) { return *documents_[static_cast<size_t>(index)]; }
  int32_t num_documents() const { return static_cast<int32_t>(documents_.size()); }

  // Rewrites what `root` reaches, keeping what it matches:
  //   rules that derive no string become kNothing;
  //   rules that are not recursive and hold no document become terminals;
  //   A = A x | y becomes y x*, A = x A | y becomes x* y, and A = A op A | y becomes y (op y)*, so that operators are
  //   neither ambiguous nor left-recursive;
  //   rules of a circle that are used once are put in their place.
  // Errors: Invalid where nothing matches, TooLarge where it needs over kMaxCfgExprs expressions or too many states.
  Result<void> Fold(int32_t root);

 private:
  class Folder;

  CfgExprId Intern(CfgExpr expr);

  const TokenTrie* tokens_;
  std::unique_ptr<Languages> languages_;
  std::map<CfgExpr, CfgExprId> ids_;
  std::vector<const CfgExpr*> exprs_;  // keys of ids_
  std::vector<CfgExprId> rules_;
  std::vector<std::unique_ptr<JsonMachine>> documents_;
};

}  // namespace atelier
