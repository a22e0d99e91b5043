// An answer, claim by claim, with the places in the documents that each claim rests on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "knowledge/corpus/corpus.h"
#include "provider/language_model.h"

namespace atelier {

// A place in a stored document. `quote` is what stands there, byte for byte.
struct Citation {
  int32_t number = 0;  // from 1: how claims refer to it
  std::string document_id, title;
  TextSpan span;  // of the document's text
  std::string quote;
  int32_t first_page = 0, last_page = 0;  // 0: the document has no pages
  std::vector<std::string> heading_path;
};

struct CitedClaim {
  std::string text;
  std::vector<int32_t> citations;  // their numbers
  double support = 0;              // how far they say what it says, in [0, 1]; of a verbatim quote 1
};

struct CitedAnswer {
  bool refused = false;   // the documents don't say
  double confidence = 0;  // that they do, in [0, 1]: what refusal is decided by
  std::vector<CitedClaim> claims;
  std::vector<Citation> citations;
  std::vector<Passage> passages;  // that were read, best first
  int64_t num_unsupported = 0;    // claims that a model wrote and no passage supports: left out
  Usage usage;                    // of the model that wrote
};

}  // namespace atelier
