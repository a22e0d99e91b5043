#include "knowledge/answer_config.h"

namespace atelier {

Fields AnswerConfig::Describe() {
  using C = AnswerConfig;
  static constexpr Field fields[] = {
      Key<&C::mode>("mode", "quote sentences, or let a model write and check what it says")
          .OneOf("auto|extractive|abstractive"),
      Key<&C::model>("model", "that writes; without, the default chat model"),
      Key<&C::context_tokens>("context_tokens", "of what it reads: question and passages").Between(100, 1'000'000),
      Key<&C::whole>("whole", "abstractive: read all documents where they fit, instead of what was found"),
      Key<&C::answer_tokens>("answer_tokens", "that it may write").Between(1, 100'000),
      Key<&C::support_at_least>("support_at_least", "of a sentence that it wrote: others are left out").Between(0, 1),
      Key<&C::passages>("passages", "that are read for an answer").Between(1, 100),
      Key<&C::most_sentences>("most_sentences", "of an extractive answer").Between(1, 50),
      Key<&C::refuse_below>("refuse_below", "how near the likeliest sentence must come; 0: never refuse").Between(0, 1),
      Key<&C::leave_out_below>("leave_out_below", "sentences less relevant than this share of the best are left out")
          .Between(0, 1),
      Key<&C::first_sentence>("first_sentence", "quote the best passage's first sentence: a baseline for measurements"),
  };
  return fields;
}

}  // namespace atelier
