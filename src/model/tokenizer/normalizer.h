// What becomes of a text before it is cut into words: the normalisers of tokenizer.json and SentencePiece's own.
// Bytes that are not UTF-8 pass unchanged.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/tokenizer/charsmap.h"
#include "model/tokenizer/pre_tokenizer.h"
#include "model/tokenizer/spec.h"

namespace atelier {

// Buffers of one call; may be used again for the next.
struct NormalizerScratch {
  std::string from, to;
  std::vector<PieceSpan> matches;
};

class Normalizer {
 public:
  static Result<Normalizer> Create(std::vector<NormalizerSpec> specs);

  bool empty() const { return steps_.empty(); }
  // How many bytes of a normalised text stand for the first character of the text; 0 where that is taken away.
  size_t StartBytes(std::string_view text) const;
  // The result is a view of `text` or of `scratch`, valid until either changes.
  // COST: linear (n log n in the length of a run of combining marks).
  std::string_view Apply(std::string_view text, TextMarks marks, NormalizerScratch& scratch) const;

 private:
  struct Step {
    NormalizerSpec spec;
    PatternMatcher matcher;
    Charsmap charsmap;
  };
  static void ApplyStep(const Step& step, std::string_view text, TextMarks marks, NormalizerScratch& scratch,
                        std::string& out);

  std::vector<Step> steps_;
};

}  // namespace atelier
