#include "engine/grammar/grammar_vocabulary.h"

#include "model/tokenizer/tokenizer.h"

namespace atelier {

std::vector<std::string> GrammarVocabulary::PiecesPast(const TokenTrie& trie, char closer, bool behind_quote) {
  std::vector<std::string> pieces(static_cast<size_t>(trie.num_tokens()));
  for (int32_t id = 0; id < trie.num_tokens(); ++id) {
    const std::string_view piece = trie.Piece(id);
    const size_t quote = behind_quote && closer != '"' ? piece.find('"') : 0;
    const size_t at = quote == piece.npos ? quote : piece.find(closer, quote);
    if (at != piece.npos && at + 1 < piece.size()) pieces[static_cast<size_t>(id)] = piece;
  }
  return pieces;
}

std::shared_ptr<const GrammarVocabulary> GrammarVocabulary::Create(const Tokenizer& tokenizer) {
  std::vector<std::string> pieces(static_cast<size_t>(tokenizer.vocab_size()));
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id) {
    const bool is_control = tokenizer.IsSpecial(id) || tokenizer.IsEndOfGeneration(id);
    std::string& piece = pieces[static_cast<size_t>(id)];
    piece = is_control ? ControlText(tokenizer.Spelling(id)) : std::string(tokenizer.Piece(id));
    // Bytes of no text, which must not spell a control token out.
    if (!is_control && piece.find_first_of({kControlBegin, kControlEnd}) != piece.npos) piece.clear();
  }
  return std::make_shared<const GrammarVocabulary>(std::move(pieces));
}

}  // namespace atelier
