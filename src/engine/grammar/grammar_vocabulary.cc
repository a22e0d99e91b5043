#include "engine/grammar/grammar_vocabulary.h"

#include "model/tokenizer/tokenizer.h"

namespace atelier {

std::shared_ptr<const GrammarVocabulary> GrammarVocabulary::Create(const Tokenizer& tokenizer) {
  std::vector<std::string> pieces(static_cast<size_t>(tokenizer.vocab_size()));
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id) {
    if (tokenizer.IsSpecial(id) || tokenizer.IsEndOfGeneration(id)) continue;
    pieces[static_cast<size_t>(id)] = tokenizer.Piece(id);
  }
  return std::make_shared<const GrammarVocabulary>(std::move(pieces));
}

}  // namespace atelier
