// Texts as encoders read them, and texts explained for people.
#include <algorithm>
#include <string>
#include <utility>

#include "model/tokenizer/state.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

// How long two texts of n1 and n2 tokens may be so that together they have at most `room`: the longer one gives.
std::pair<size_t, size_t> Shorten(size_t n1, size_t n2, size_t room) {
  size_t shorter = std::min(n1, n2);
  size_t longer = shorter > room ? shorter : std::max(shorter, room - shorter);
  if (shorter + longer > room) {
    shorter = room / 2;
    longer = shorter + room % 2;
  }
  longer = std::min(longer, std::max(n1, n2));
  return n1 > n2 ? std::pair(longer, shorter) : std::pair(shorter, longer);
}

void Append(const std::vector<int32_t>& ids, int32_t type_id, PairEncoding& out) {
  out.ids.insert(out.ids.end(), ids.begin(), ids.end());
  out.type_ids.insert(out.type_ids.end(), ids.size(), type_id);
}

}  // namespace

Result<PairEncoding> Tokenizer::EncodePair(std::string_view first, std::optional<std::string_view> second,
                                           int64_t max_tokens, Truncation truncation) const {
  const auto& pieces = second ? state_->pair : state_->single;
  const auto num_special = static_cast<size_t>(std::count_if(
      pieces.begin(), pieces.end(), [](const TemplatePiece& p) { return p.kind == TemplatePiece::Kind::kToken; }));
  std::vector<int32_t> a, b;
  state_->EncodePlain(first, {}, a);
  if (second) state_->EncodePlain(*second, {}, b);

  PairEncoding out;
  const size_t total = a.size() + b.size() + num_special;
  const size_t most = max_tokens > 0 ? static_cast<size_t>(max_tokens) : 0;
  if (total > most) {
    if (truncation == Truncation::kError || num_special > most) {
      return Error::TooLarge("input",
                             "got " + std::to_string(total) + " tokens, want at most " + std::to_string(max_tokens));
    }
    const auto [keep_a, keep_b] =
        second ? Shorten(a.size(), b.size(), most - num_special) : std::pair(most - num_special, size_t{0});
    a.resize(std::min(a.size(), keep_a));
    b.resize(std::min(b.size(), keep_b));
    out.truncated = true;
  }
  for (const TemplatePiece& piece : pieces) {
    if (piece.kind == TemplatePiece::Kind::kFirst) Append(a, piece.type_id, out);
    if (piece.kind == TemplatePiece::Kind::kSecond) Append(b, piece.type_id, out);
    if (piece.kind == TemplatePiece::Kind::kToken) Append({piece.id}, piece.type_id, out);
  }
  return out;
}

namespace {

class Explainer final : public WordSink {
 public:
  Explainer(const Tokenizer& tokenizer, const WordModel& model, EncodeScratch& scratch)
      : tokenizer_(tokenizer), model_(model), scratch_(scratch) {}

  void Word(std::string_view word) override {
    std::vector<MergeStep> merges;
    std::vector<int32_t> ids;
    scratch_.word.merges = &merges;
    model_.Encode(word, scratch_.word, ids);
    scratch_.word.merges = nullptr;
    ExplainedWord explained;
    explained.text = word;
    for (const int32_t id : ids) explained.tokens.push_back(Token(id));
    for (const MergeStep& step : merges) {
      explained.merges.push_back({model_.SymbolText(step.left), model_.SymbolText(step.right), step.rank});
    }
    words_.push_back(std::move(explained));
  }

  void Special(int32_t id) {
    ExplainedWord explained;
    explained.text = tokenizer_.Spelling(id);
    explained.tokens.push_back(Token(id));
    words_.push_back(std::move(explained));
  }

  std::vector<ExplainedWord> Take() { return std::move(words_); }

 private:
  ExplainedToken Token(int32_t id) const {
    return {id, tokenizer_.Type(id), std::string(tokenizer_.Spelling(id)), std::string(tokenizer_.Piece(id))};
  }

  const Tokenizer& tokenizer_;
  const WordModel& model_;
  EncodeScratch& scratch_;
  std::vector<ExplainedWord> words_;
};

}  // namespace

std::vector<ExplainedWord> Tokenizer::Explain(std::string_view text, const EncodeOptions& options) const {
  auto scratch = state_->scratches.Take();
  Explainer explainer(*this, *state_->model, *scratch);
  bool before = true;
  for (const TemplatePiece& piece : state_->single) {
    if (piece.kind == TemplatePiece::Kind::kToken) {
      if (options.add_special) explainer.Special(piece.id);
    } else if (std::exchange(before, false)) {
      state_->Walk(text, options, *scratch, explainer, [&](int32_t id) { explainer.Special(id); });
    }
  }
  state_->scratches.Give(std::move(scratch));
  return explainer.Take();
}

}  // namespace atelier
