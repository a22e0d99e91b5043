// Unigram: the pieces whose scores (log probabilities) sum highest, by Viterbi's algorithm from left to right.
//                                                                    [Kudo, arXiv:1804.10959; SentencePiece]
// A character that no piece spells costs the least score less 10. COST: O(bytes × longest piece).
#include <algorithm>
#include <limits>
#include <utility>

#include "model/tokenizer/trie.h"
#include "model/tokenizer/unicode.h"
#include "model/tokenizer/word_model.h"

namespace atelier {
namespace {

constexpr double kUnknownPenalty = 10.0;

class UnigramModel final : public WordModel {
 public:
  UnigramModel(const TokenizerSpec& spec, const Vocabulary& vocabulary)
      : vocabulary_(vocabulary), unk_(spec.special.unk), scores_(spec.scores), fuse_(spec.fuse_unk) {
    double least = std::numeric_limits<double>::infinity();
    for (int32_t id = 0; id < vocabulary.size(); ++id) {
      const auto type = spec.types.empty() ? TokenType::kNormal : spec.types[static_cast<size_t>(id)];
      double& score = scores_[static_cast<size_t>(id)];
      if (type == TokenType::kNormal || spec.spelled_out) least = std::min(least, score);
      if (type == TokenType::kUserDefined && !spec.spelled_out) score = 0;
      const bool text = spec.spelled_out || type == TokenType::kNormal || type == TokenType::kUserDefined ||
                        type == TokenType::kUnused;
      const std::string& spelling = vocabulary.Spelling(id);
      if (text && !spelling.empty() && vocabulary.Find(spelling) == id) trie_.Insert(spelling, id);
    }
    unknown_score_ = least - kUnknownPenalty;
    fallback_ = spec.byte_fallback;
    for (int byte = 0; byte < 256; ++byte) {
      bytes_[byte] = vocabulary.FindByte(static_cast<uint8_t>(byte));
      fallback_ = fallback_ && bytes_[byte] >= 0;
    }
  }

  void Encode(std::string_view word, WordScratch& scratch, std::vector<int32_t>& out) const override {
    Search(word, scratch.best);
    const size_t first = out.size();
    bool after_unknown = false;
    for (size_t end = word.size(); end > 0;) {
      const WordScratch::Best& best = scratch.best[end];
      const bool unknown = best.id == unk_;
      if (unknown && fallback_) {
        for (size_t at = end; at > best.from; --at) out.push_back(bytes_[static_cast<uint8_t>(word[at - 1])]);
      } else if (best.id >= 0 && (!unknown || !fuse_ || !after_unknown)) {
        out.push_back(best.id);
      }
      after_unknown = unknown;
      end = best.from;
    }
    std::reverse(out.begin() + static_cast<ptrdiff_t>(first), out.end());
  }

  std::string SymbolText(uint32_t symbol) const override { return vocabulary_.Spelling(static_cast<int32_t>(symbol)); }

 private:
  // best[i]: the best way to end at byte i.
  void Search(std::string_view word, std::vector<WordScratch::Best>& best) const {
    best.assign(word.size() + 1, {-std::numeric_limits<double>::infinity(), unk_, 0});
    best[0].score = 0;
    const char* end = word.data() + word.size();
    const auto offer = [&](size_t from, size_t to, double score, int32_t id) {
      if (score > best[to].score) best[to] = {score, id, static_cast<uint32_t>(from)};
    };
    for (size_t at = 0; at < word.size();) {
      const size_t size = DecodeChar(word.data() + at, end).size;
      const double here = best[at].score;
      bool spelled = false;
      uint32_t node = ByteTrie::kRoot;
      for (size_t to = at; to < word.size();) {
        node = trie_.Child(node, static_cast<uint8_t>(word[to++]));
        if (node == ByteTrie::kNone) break;
        const int32_t id = trie_.Value(node);
        if (id < 0) continue;
        offer(at, to, here + scores_[static_cast<size_t>(id)], id);
        if (to - at == size) spelled = true;
      }
      if (!spelled) offer(at, at + size, here + unknown_score_, unk_);
      at += size;
    }
  }

  const Vocabulary& vocabulary_;
  int32_t unk_;
  std::vector<double> scores_;
  bool fuse_;
  bool fallback_ = false;
  int32_t bytes_[256];
  double unknown_score_ = 0;
  ByteTrie trie_;
};

}  // namespace

Result<std::unique_ptr<WordModel>> MakeUnigram(const TokenizerSpec& spec, const Vocabulary& vocabulary) {
  return std::unique_ptr<WordModel>(new UnigramModel(spec, vocabulary));
}

}  // namespace atelier
