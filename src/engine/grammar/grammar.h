// What an output must be, whole: a JSON document that satisfies a schema, a text that matches a regular expression, one
// of some texts, or a text of a grammar. A Grammar is compiled once for a vocabulary and shared by every request that
// asks for it; a Constraint follows one output.
//
// The promise: a grammar that compiles is kept. Whatever Mask allows can be completed, and what cannot be kept is an
// error of CompileGrammar that names the keyword and where it stands.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "engine/grammar/json_style.h"

namespace atelier {

struct GrammarVocabulary;

struct GrammarSpec {
  enum class Kind : uint8_t {
    kJsonSchema,     // `schema`; true: any JSON
    kRegex,          // `text`: ECMA-262, matched against the whole output
    kChoice,         // one of `choices`
    kGrammar,        // `text`: GBNF or Lark
    kStructuralTag,  // `schema`: a text with tags in it (structural_tag.h)
  };
  Kind kind = Kind::kJsonSchema;
  Json schema = Json(true);
  std::string text = {};
  std::vector<std::string> choices = {};
  JsonStyle style = {};
  std::string where = {};  // the parameter that says so: errors begin with it

  // Equal specs have equal keys.
  std::string Key() const;
};

// One output in the making. One thread.
class Constraint {
 public:
  virtual ~Constraint() = default;
  // Sets the bit of each token of text that may come next; other bits are cleared. Tokens without text have none.
  //   bits  [ceil(V / 64)]
  virtual void Mask(std::span<uint64_t> bits) = 0;
  // Reads the text of a token. False, changing nothing: it may not come next.
  virtual bool Accept(int32_t token) = 0;
  // Reads bytes, whole or not at all.
  virtual bool AcceptBytes(std::string_view bytes) = 0;
  // The output may end here.
  virtual bool CanEnd() = 0;

  // What jump-ahead asks (forced_text.h). These change nothing; a grammar that leaves them out is never jumped over.
  // Bytes that come next whatever is chosen: no others may, nor may the output end before.
  virtual std::string Forced(size_t /*max_bytes*/) { return {}; }
  // Whether, once `bytes` are read, one may follow that makes of `piece`, their end, the beginning of a longer token.
  virtual bool MayGoOn(std::string_view /*bytes*/, std::string_view /*piece*/) { return true; }
  // Clears the bits of the tokens that `text` begins with, but for that of `token`.
  virtual void LeaveOut(std::string_view /*text*/, int32_t /*token*/, std::span<uint64_t> /*bits*/) {}

  // What closing_budget.h asks.
  // A short text that completes the output once `bytes` are read. Nothing: they cannot be, no way is known, or it takes
  // over `max_bytes`.
  virtual std::optional<std::string> Closing(std::string_view /*bytes*/, size_t /*max_bytes*/) { return std::nullopt; }
  // The longest token that `text` begins with; -1: none.
  virtual int32_t LongestToken(std::string_view /*text*/) { return -1; }
  // What Accept reads of a token: control tokens are no text, and have names of their own here (grammar_vocabulary.h).
  virtual std::string_view Piece(int32_t /*token*/) const { return {}; }
};

class Grammar {
 public:
  virtual ~Grammar() = default;
  // Any thread. The constraint keeps what it needs of the grammar.
  virtual std::unique_ptr<Constraint> Start() const = 0;
};

// Errors, of which `where` is the spec's and then a place within the schema, expression or grammar:
//   Invalid      it is malformed, or nothing satisfies it
//   Unsupported  it says what nothing here can keep
//   TooLarge     over a budget of size, states or nesting
//   vocabulary  of the model's vocabulary
Result<std::shared_ptr<const Grammar>> CompileGrammar(const GrammarSpec& spec,
                                                      std::shared_ptr<const GrammarVocabulary> vocabulary);

}  // namespace atelier
