// From spellings back to text: the decoders of tokenizer.json, in two forms. Text() runs the chain as it is defined
// there. Piece() and the start rule are what the chain amounts to for bytes that come token by token.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/tokenizer/pre_tokenizer.h"
#include "model/tokenizer/spec.h"

namespace atelier {

class TokenDecoder {
 public:
  // No specs: spellings are joined by blanks.
  static Result<TokenDecoder> Create(std::vector<DecoderSpec> specs);

  // The text of a sequence of spellings. UTF-8 always.
  std::string Text(std::vector<std::string> spellings) const;
  // The bytes of one spelling within a text, and as the first of a text.
  std::string Piece(std::string_view spelling, bool first) const;
  // Takes off `text`, which begins a text, what the chain strips there: up to leading_strip() marks.
  void StripStart(std::string& text) const;
  // The bytes at the end of a text that the chain takes away (a blank after the last word).
  bool StripsLastSpace() const { return strips_last_space_; }

 private:
  void Apply(size_t step, std::vector<std::string>& parts) const;

  std::vector<DecoderSpec> specs_;
  std::vector<PatternMatcher> matchers_;
  size_t fused_from_ = 0;  // specs from here on work on the whole text
  bool strips_last_space_ = false;
};

}  // namespace atelier
