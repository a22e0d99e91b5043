// WordPiece: the longest piece that begins the word, then the longest that continues it, and so on; unk for the
// whole word if some place has none.                                                      [BERT, arXiv:1810.04805]
#include <utility>

#include "model/tokenizer/trie.h"
#include "model/tokenizer/unicode.h"
#include "model/tokenizer/word_model.h"

namespace atelier {
namespace {

class WordPieceModel final : public WordModel {
 public:
  WordPieceModel(const TokenizerSpec& spec, const Vocabulary& vocabulary)
      : vocabulary_(vocabulary), unk_(spec.special.unk), max_chars_(spec.max_word_chars) {
    for (int32_t id = 0; id < vocabulary.size(); ++id) {
      const std::string_view spelling = vocabulary.Spelling(id);
      if (spelling.empty() || vocabulary.Find(spelling) != id) continue;
      first_.Insert(spelling, id);
      const bool goes_on = spelling.starts_with(spec.continuing_prefix);
      if (goes_on && spelling.size() > spec.continuing_prefix.size()) {
        rest_.Insert(spelling.substr(spec.continuing_prefix.size()), id);
      }
    }
  }

  void Encode(std::string_view word, WordScratch&, std::vector<int32_t>& out) const override {
    const size_t first = out.size();
    const char* end = word.data() + word.size();
    int64_t num_chars = 0;
    for (const char* p = word.data(); p < end && num_chars <= max_chars_; ++num_chars) p += DecodeChar(p, end).size;
    bool known = num_chars <= max_chars_;
    for (size_t at = 0; known && at < word.size();) {
      const auto [id, size] = Longest(at == 0 ? first_ : rest_, word.substr(at));
      known = id >= 0;
      if (known) out.push_back(id);
      at += size;
    }
    if (known) return;
    out.resize(first);
    if (unk_ >= 0) out.push_back(unk_);
  }

  std::string SymbolText(uint32_t symbol) const override { return vocabulary_.Spelling(static_cast<int32_t>(symbol)); }

 private:
  static std::pair<int32_t, size_t> Longest(const ByteTrie& trie, std::string_view text) {
    std::pair<int32_t, size_t> found{-1, 0};
    uint32_t node = ByteTrie::kRoot;
    for (size_t i = 0; i < text.size(); ++i) {
      node = trie.Child(node, static_cast<uint8_t>(text[i]));
      if (node == ByteTrie::kNone) break;
      if (trie.Value(node) >= 0) found = {trie.Value(node), i + 1};
    }
    return found;
  }

  const Vocabulary& vocabulary_;
  int32_t unk_;
  int64_t max_chars_;
  ByteTrie first_, rest_;
};

class WordLevelModel final : public WordModel {
 public:
  WordLevelModel(const TokenizerSpec& spec, const Vocabulary& vocabulary)
      : vocabulary_(vocabulary), unk_(spec.special.unk) {}

  void Encode(std::string_view word, WordScratch&, std::vector<int32_t>& out) const override {
    const int32_t id = vocabulary_.Find(word);
    if (id >= 0 || unk_ >= 0) out.push_back(id >= 0 ? id : unk_);
  }
  std::string SymbolText(uint32_t symbol) const override { return vocabulary_.Spelling(static_cast<int32_t>(symbol)); }

 private:
  const Vocabulary& vocabulary_;
  int32_t unk_;
};

}  // namespace

Result<std::unique_ptr<WordModel>> MakeWordPiece(const TokenizerSpec& spec, const Vocabulary& vocabulary) {
  if (spec.model == TokenModel::kWordLevel) {
    return std::unique_ptr<WordModel>(new WordLevelModel(spec, vocabulary));
  }
  return std::unique_ptr<WordModel>(new WordPieceModel(spec, vocabulary));
}

}  // namespace atelier
