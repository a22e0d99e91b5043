// The fields of a structural tag's formats, read and checked.
//
// A text that spells a control token of the vocabulary, whole or in part, means that token (ControlText in
// tokenizer.h): what models write around reasoning and calls are such tokens. A format may also name a token by id or
// by spelling; one that is text is the same as its text here, however it is spelled.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "engine/grammar/token_trie.h"

namespace atelier {

// "name[i]"
std::string IndexedField(std::string_view name, int64_t i);

// Errors: Invalid, `where` is the field's name.
class TagFields {
 public:
  using Texts = std::vector<std::string>;

  // `tokens` may be null: then no text is a control token.
  explicit TagFields(const TokenTrie* tokens) : tokens_(tokens) {}

  // As they stand there. A boolean that is missing is `otherwise`.
  Result<std::string> Text(const Json& object, std::string_view name) const;
  Result<bool> Bool(const Json& object, std::string_view name, bool otherwise) const;
  // least ... 1,000,000,000
  Result<int64_t> Count(const Json& object, std::string_view name, int64_t least) const;

  // With control tokens where the text spells them; those marked already stay.
  std::string Spelled(std::string_view text) const;
  Result<std::string> Spelling(const Json& object, std::string_view name) const;
  // The same, or {"type": "token", "token": …}.
  Result<std::string> Mark(const Json& object, std::string_view name) const;

  // Of a value: a text that is not empty, likewise; or what a token is in an output, by id or spelling.
  Result<std::string> SpelledText(const Json& value) const;
  Result<std::string> Token(const Json& value) const;
  // Of an array of such; none where the field is missing.
  using ReadItem = Result<std::string> (TagFields::*)(const Json&) const;
  Result<Texts> List(const Json& object, std::string_view name, ReadItem read) const;

 private:
  const TokenTrie* tokens_;
};

}  // namespace atelier
