// What an embedding model wants before a text, by which of the two it is: models of the e5 and bge families were
// trained with words that tell a question from a passage.   [arXiv:2212.03533; arXiv:2309.07597]
#pragma once

#include <string>
#include <string_view>

namespace atelier {

struct EmbedderProfile {
  std::string query_prefix, passage_prefix;
  // Where the publisher cuts texts for its figures (`max_seq_length` of sentence-transformers), special tokens counted;
  // 0: where the model's context ends.
  int32_t published_tokens = 0;
};

// By the model's name; of unknown ones empty.
EmbedderProfile ProfileOf(std::string_view model);

}  // namespace atelier
