#include "provider/reasoning_limit.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text/unicode.h"
#include "engine/grammar/token_bits.h"

namespace atelier {
namespace {

struct Limit {
  std::shared_ptr<const Grammar> inner;
  ReasoningSyntax marks;
  ReasoningState state;
  int64_t max_tokens;
  std::shared_ptr<const GrammarVocabulary> vocabulary;
};

class LimitConstraint final : public Constraint {
 public:
  explicit LimitConstraint(std::shared_ptr<const Limit> limit)
      : limit_(std::move(limit)),
        inner_(limit_->inner != nullptr ? limit_->inner->Start() : nullptr),
        reasons_(limit_->state == ReasoningState::kOpened) {
    if (reasons_ && limit_->max_tokens == 0) left_ = limit_->marks.end;
  }

  void Mask(std::span<uint64_t> bits) override {
    if (inner_ != nullptr) {
      inner_->Mask(bits);
    } else {
      std::ranges::fill(bits, ~uint64_t{0});
    }
    if (left_.empty()) return;
    // The tokens that spell what is left of the end, or a part of it.
    const TokenTrie& trie = limit_->vocabulary->trie;
    std::vector<uint64_t> spelling(bits.size());
    for (size_t size = 1; size <= left_.size(); ++size) {
      const int32_t node = trie.Find(TokenTrie::kRoot, std::string_view(left_).substr(0, size));
      if (node < 0) break;
      for (const int32_t token : trie.tokens(node)) SetTokenBit(spelling, token);
    }
    bool any = false;
    for (size_t i = 0; i < bits.size(); ++i) any |= (bits[i] & spelling[i]) != 0;
    for (size_t i = 0; any && i < bits.size(); ++i) bits[i] &= spelling[i];
  }

  bool Accept(int32_t token) override {
    if (inner_ != nullptr && !inner_->Accept(token)) return false;
    const TokenTrie& trie = limit_->vocabulary->trie;
    Follow(token >= 0 && token < trie.num_tokens() ? trie.Piece(token) : std::string_view());
    return true;
  }
  bool AcceptBytes(std::string_view bytes) override {
    if (inner_ != nullptr && !inner_->AcceptBytes(bytes)) return false;
    Follow(bytes);
    return true;
  }
  bool CanEnd() override { return left_.empty() && (inner_ == nullptr || inner_->CanEnd()); }

 private:
  void Follow(std::string_view text) {
    if (over_) return;
    if (!left_.empty()) {
      left_.erase(0, std::min(left_.size(), text.size()));
      over_ = left_.empty();
      return;
    }
    text_ += text;
    if (!reasons_) {
      const std::string_view said = TrimLeft(text_);
      reasons_ = said.starts_with(limit_->marks.begin);
      over_ = !reasons_ && !limit_->marks.begin.starts_with(said);
      if (reasons_) text_.clear();
      if (reasons_ && limit_->max_tokens == 0) left_ = limit_->marks.end;
      return;
    }
    ++num_tokens_;
    over_ = text_.find(limit_->marks.end) != std::string::npos;
    if (over_ || num_tokens_ < limit_->max_tokens) return;
    left_ = limit_->marks.end;
    for (size_t size = left_.size(); size > 0; --size) {  // some of it may be there
      if (text_.ends_with(std::string_view(left_).substr(0, size))) {
        left_.erase(0, size);
        break;
      }
    }
  }

  std::shared_ptr<const Limit> limit_;
  std::unique_ptr<Constraint> inner_;
  bool reasons_;
  bool over_ = false;  // nothing is left to limit
  int64_t num_tokens_ = 0;
  std::string text_;  // since the reasoning, or the reply, began
  std::string left_;  // of what ends the reasoning, where it is being written
};

class LimitGrammar final : public Grammar {
 public:
  explicit LimitGrammar(Limit limit) : limit_(std::make_shared<const Limit>(std::move(limit))) {}
  std::unique_ptr<Constraint> Start() const override { return std::make_unique<LimitConstraint>(limit_); }

 private:
  std::shared_ptr<const Limit> limit_;
};

}  // namespace

std::shared_ptr<const Grammar> LimitReasoning(std::shared_ptr<const Grammar> inner, const ReasoningSyntax& marks,
                                              ReasoningState state, int64_t max_tokens,
                                              std::shared_ptr<const GrammarVocabulary> vocabulary) {
  return std::make_shared<const LimitGrammar>(Limit{std::move(inner), marks, state, max_tokens, std::move(vocabulary)});
}

}  // namespace atelier
