#include "model/tokenizer/tokenizer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text/utf8.h"
#include "model/tokenizer/state.h"

namespace atelier {
namespace {

constexpr size_t kMaxTextBytes = size_t{1} << 31;

// Encodes words by way of the cache.
class CachingEncoder final : public WordSink {
 public:
  CachingEncoder(const WordModel& model, EncodeScratch& scratch, std::vector<int32_t>& out)
      : model_(model), scratch_(scratch), out_(out) {}

  void Word(std::string_view word) override {
    if (word.size() > WordCache::kMaxWordBytes) return model_.Encode(word, scratch_.word, out_);
    const WordCache::Key key = WordCache::KeyOf(word);
    if (const WordCache::Entry* entry = scratch_.cache.Find(key)) {
      if (entry->count == 1) {
        out_.push_back(entry->ids[0]);
      } else {
        out_.insert(out_.end(), entry->ids, entry->ids + entry->count);
      }
      return;
    }
    const size_t first = out_.size();
    model_.Encode(word, scratch_.word, out_);
    const size_t count = out_.size() - first;
    if (count <= WordCache::kMaxIds) scratch_.cache.Insert(key, out_.data() + first, count);
  }

 private:
  const WordModel& model_;
  EncodeScratch& scratch_;
  std::vector<int32_t>& out_;
};

void AppendTokens(const std::vector<TemplatePiece>& pieces, bool before, std::vector<int32_t>& out) {
  bool seen_text = false;
  for (const TemplatePiece& piece : pieces) {
    if (piece.kind != TemplatePiece::Kind::kToken) {
      seen_text = true;
    } else if (seen_text != before) {
      out.push_back(piece.id);
    }
  }
}

template <class T>
T At(const std::vector<T>& values, int32_t id, T otherwise) {
  return id >= 0 && static_cast<size_t>(id) < values.size() ? values[static_cast<size_t>(id)] : otherwise;
}

}  // namespace

std::unique_ptr<EncodeScratch> ScratchPool::Take() {
  {
    const std::scoped_lock lock(mutex_);
    if (!free_.empty()) {
      auto scratch = std::move(free_.back());
      free_.pop_back();
      return scratch;
    }
  }
  return std::make_unique<EncodeScratch>();
}

void ScratchPool::Give(std::unique_ptr<EncodeScratch> scratch) {
  const std::scoped_lock lock(mutex_);
  if (free_.size() < kKept) free_.push_back(std::move(scratch));
}

void TokenizerState::EncodePlain(std::string_view text, const EncodeOptions& options, std::vector<int32_t>& out) const {
  CHECK(text.size() < kMaxTextBytes);
  auto scratch = scratches.Take();
  CachingEncoder encoder(*model, *scratch, out);
  Walk(text, options, *scratch, encoder, [&out](int32_t id) { out.push_back(id); });
  scratches.Give(std::move(scratch));
}

Tokenizer::Tokenizer(std::unique_ptr<TokenizerState> state) : state_(std::move(state)) {}
Tokenizer::~Tokenizer() = default;

std::vector<int32_t> Tokenizer::Encode(std::string_view text, const EncodeOptions& options) const {
  std::vector<int32_t> out;
  EncodeTo(text, options, out);
  return out;
}

void Tokenizer::EncodeTo(std::string_view text, const EncodeOptions& options, std::vector<int32_t>& out) const {
  if (out.empty()) out.reserve(text.size() / 3 + 8);
  if (options.add_special) AppendTokens(state_->single, true, out);
  state_->EncodePlain(text, options, out);
  if (options.add_special) AppendTokens(state_->single, false, out);
}

std::string Tokenizer::Decode(std::span<const int32_t> ids, const DecodeOptions& options) const {
  std::string out;
  bool at_start = true;
  for (const int32_t id : ids) {
    if (!Contains(id) || (options.skip_special && IsSpecial(id))) continue;
    if (!at_start) {
      out += state_->pieces[static_cast<size_t>(id)];
    } else if (std::string piece = FirstPiece(id); !piece.empty()) {
      out += piece;
      at_start = false;
    } else {
      at_start = false;
    }
  }
  if (state_->decoder.StripsLastSpace() && out.ends_with(' ')) out.pop_back();
  return out;
}

std::string Tokenizer::FirstPiece(int32_t id) const {
  if (state_->added_flags[static_cast<size_t>(id)]) return state_->pieces[static_cast<size_t>(id)];
  std::string piece = state_->decoder.Piece(Spelling(id), true);
  state_->decoder.StripStart(piece);
  return piece;
}

std::string Tokenizer::DecodeText(std::span<const int32_t> ids, const DecodeOptions& options) const {
  std::vector<std::string> spellings;
  spellings.reserve(ids.size());
  for (const int32_t id : ids) {
    if (!Contains(id) || (options.skip_special && IsSpecial(id))) continue;
    spellings.emplace_back(Spelling(id));
  }
  return ReplaceInvalidUtf8(state_->decoder.Text(std::move(spellings)));
}

int32_t Tokenizer::vocab_size() const { return state_->vocabulary.size(); }

std::string_view Tokenizer::Piece(int32_t id) const {
  if (!Contains(id) || IsControl(id)) return {};
  return state_->pieces[static_cast<size_t>(id)];
}

std::string_view Tokenizer::Spelling(int32_t id) const {
  return Contains(id) ? std::string_view(state_->vocabulary.Spelling(id)) : std::string_view();
}

std::optional<int32_t> Tokenizer::Find(std::string_view spelling) const {
  const int32_t id = state_->vocabulary.Find(spelling);
  return id >= 0 ? std::optional(id) : std::nullopt;
}

const SpecialTokens& Tokenizer::special() const { return state_->special; }
TokenType Tokenizer::Type(int32_t id) const { return At(state_->types, id, TokenType::kUnused); }
bool Tokenizer::IsSpecial(int32_t id) const { return Contains(id) && state_->special_flags[static_cast<size_t>(id)]; }

bool Tokenizer::IsEndOfGeneration(int32_t id) const {
  return std::binary_search(state_->end_of_generation.begin(), state_->end_of_generation.end(), id);
}

std::span<const int32_t> Tokenizer::end_of_generation() const { return state_->end_of_generation; }

bool Tokenizer::adds_bos() const {
  return !state_->single.empty() && state_->single.front().kind == TemplatePiece::Kind::kToken;
}
bool Tokenizer::adds_eos() const {
  return !state_->single.empty() && state_->single.back().kind == TemplatePiece::Kind::kToken;
}

std::string_view Tokenizer::model_name() const {
  switch (state_->kind) {
    case TokenModel::kBpe: return "bpe";
    case TokenModel::kScoredBpe: return "spm";
    case TokenModel::kUnigram: return "unigram";
    case TokenModel::kWordPiece: return "wordpiece";
    case TokenModel::kWordLevel: return "wordlevel";
  }
  return "";
}

Detokenizer::Detokenizer(const Tokenizer& tokenizer, const DecodeOptions& options)
    : tokenizer_(&tokenizer), options_(options), at_start_(!options.continues) {}

std::string ControlText(std::string_view spelling) { return kControlBegin + std::string(spelling) + kControlEnd; }

std::string MarkControlTokens(const Tokenizer& tokenizer, std::string_view text) {
  constexpr size_t kLongest = 64;  // bytes of a control token's spelling
  std::string marked;
  for (size_t at = 0; at < text.size();) {
    size_t size = std::min(kLongest, text.size() - at);
    for (; size > 1; --size) {
      const auto id = tokenizer.Find(text.substr(at, size));
      if (id && tokenizer.IsSpecial(*id)) break;
    }
    marked += size > 1 ? ControlText(text.substr(at, size)) : std::string(text.substr(at, 1));
    at += std::max<size_t>(size, 1);
  }
  return marked;
}

std::string Detokenizer::Push(int32_t id) {
  if (!tokenizer_->Contains(id)) return {};
  if (tokenizer_->IsSpecial(id) && options_.mark_special) {
    std::string text = Flush() + ControlText(tokenizer_->Spelling(id));
    at_start_ = false;
    return text;
  }
  if (tokenizer_->IsSpecial(id) && options_.skip_special) return {};
  if (at_start_) {
    pending_ += tokenizer_->FirstPiece(id);
    at_start_ = false;
  } else {
    pending_ += tokenizer_->state_->pieces[static_cast<size_t>(id)];
  }
  const size_t complete = pending_.size() - IncompleteUtf8Tail(pending_);
  std::string text = ReplaceInvalidUtf8(std::string_view(pending_).substr(0, complete));
  pending_.erase(0, complete);
  return text;
}

std::string Detokenizer::Flush() {
  std::string text = ReplaceInvalidUtf8(pending_);
  pending_.clear();
  at_start_ = !options_.continues;
  return text;
}

}  // namespace atelier
