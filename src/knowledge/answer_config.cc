#include "knowledge/answer_config.h"

namespace atelier {

Fields AnswerConfig::Describe() {
  using C = AnswerConfig;
  static constexpr Field fields[] = {
      Key<&C::passages>("passages", "that are read for an answer").Between(1, 100),
      Key<&C::most_sentences>("most_sentences", "of an extractive answer").Between(1, 50),
      Key<&C::refuse_below>("refuse_below", "confidence below which the documents don't say").Between(0, 1),
      Key<&C::leave_out_below>("leave_out_below", "sentences less relevant than this share of the best are left out")
          .Between(0, 1),
      Key<&C::first_sentence>("first_sentence", "quote the best passage's first sentence: a baseline for measurements"),
  };
  return fields;
}

}  // namespace atelier
