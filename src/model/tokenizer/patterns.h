// The pre-tokenizers by name (GGUF's tokenizer.ggml.pre) and by regular expression (tokenizer.json's Split), and the
// hand-written rule that does the work of each.
//
// The names are those that llama.cpp's tree knows. Where its own expressions only approximate the model's (it has no
// \p{Lu}, and no case folding), ours are the model's, as tokenizer.json has them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer/spec.h"

namespace atelier {

struct NamedPreTokenizer {
  std::string_view name;
  std::span<const std::string_view> patterns;  // applied one after the other, each isolating what it matches
  bool ignore_merges = false;
  bool add_bos = false;       // unless the file says otherwise
  bool add_sep = false;       // likewise
  bool raw_utf8 = false;      // pieces are spelled as text, with U+2581 for spaces; not in the byte alphabet
  bool newline_runs = false;  // a word of line feeds is a piece if the vocabulary has it
};

std::span<const NamedPreTokenizer> NamedPreTokenizers();
// nullptr where there is no such name.
const NamedPreTokenizer* FindPreTokenizer(std::string_view name);

// The rule that finds what the regular expression (to the letter) finds, as a step that isolates its matches.
std::optional<PreTokenizerSpec> FindRule(std::string_view pattern);
// That rule or, if there is none, the expression itself.
PreTokenizerSpec RuleOrRegex(std::string_view pattern);

}  // namespace atelier
