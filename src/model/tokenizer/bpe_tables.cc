#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "model/tokenizer/bpe.h"
#include "model/tokenizer/unicode.h"

namespace atelier {
namespace {

constexpr size_t kMaxScoredPieceBytes = 1024;  // the largest seen: 93

}  // namespace

void PairTable::Reserve(size_t num_pairs) {
  const size_t size = std::bit_ceil(std::max<size_t>(16, num_pairs * 2));
  slots_.assign(size, kFree);
  mask_ = size - 1;
  shift_ = 64 - std::countr_zero(size);
}

void PairTable::Add(uint32_t left, uint32_t right, uint32_t merge) {
  const uint64_t key = Key(left, right);
  size_t slot = Hash(key);
  for (; slots_[slot] != kFree; slot = (slot + 1) & mask_) {
    if ((slots_[slot] >> 22) == key) return;
  }
  slots_[slot] = (key << 22) | merge;
}

uint32_t BpeModel::FindSymbol(std::string_view spelling) const {
  if (const int32_t id = vocabulary_.Find(spelling); id >= 0) return static_cast<uint32_t>(id);
  if (extra_index_.empty()) return kUnknown;
  const auto found = extra_index_.find(std::string(spelling));
  return found == extra_index_.end() ? kUnknown : found->second;
}

uint32_t BpeModel::SymbolFor(const std::string& spelling) {
  if (const uint32_t symbol = FindSymbol(spelling); symbol != kUnknown) return symbol;
  const auto symbol = static_cast<uint32_t>(vocabulary_.size()) + static_cast<uint32_t>(extra_.size());
  extra_.push_back(spelling);
  extra_index_.emplace(spelling, symbol);
  return symbol;
}

std::string BpeModel::SymbolText(uint32_t symbol) const {
  if (symbol == kUnknown) return {};
  if (symbol >= PairTable::kMaxSymbols) symbol -= PairTable::kMaxSymbols;
  const auto size = static_cast<uint32_t>(vocabulary_.size());
  if (symbol >= size + extra_.size()) return {};
  const std::string& spelling =
      symbol < size ? vocabulary_.Spelling(static_cast<int32_t>(symbol)) : extra_[symbol - size];
  if (!byte_level_) return spelling;
  return BytesOfByteChars(spelling).value_or(spelling);
}

Result<std::unique_ptr<WordModel>> BpeModel::Create(const TokenizerSpec& spec, const Vocabulary& vocabulary) {
  auto model = std::unique_ptr<BpeModel>(new BpeModel(vocabulary));
  model->unk_ = spec.keep_unknown_bytes ? -1 : spec.special.unk;
  model->byte_level_ = spec.byte_level;
  model->byte_fallback_ = spec.byte_fallback;
  model->ignore_merges_ = spec.ignore_merges;
  model->newline_runs_ = spec.newline_runs;
  model->fuse_unk_ = spec.fuse_unk;
  model->scored_ = spec.model == TokenModel::kScoredBpe;
  model->prefix_ = spec.continuing_prefix;
  model->suffix_ = spec.end_of_word_suffix;
  TRY_VOID(model->scored_ ? model->AddScoredMerges(spec) : model->AddListedMerges(spec));
  for (const Merge& merge : model->merges_) {
    model->num_ranks_ = std::max(model->num_ranks_, static_cast<size_t>(merge.rank) + 1);
  }
  model->FindBytes();
  if (spec.byte_level && (spec.ignore_merges || spec.newline_runs)) {
    model->raw_.resize(static_cast<size_t>(vocabulary.size()));
    for (int32_t id = 0; id < vocabulary.size(); ++id) {
      model->raw_[static_cast<size_t>(id)] = BytesOfByteChars(vocabulary.Spelling(id)).value_or(std::string());
    }
    model->raw_index_.Build(model->raw_);
  }
  return std::unique_ptr<WordModel>(std::move(model));
}

void BpeModel::FindBytes() {
  all_fallback_ = true;
  for (int byte = 0; byte < 256; ++byte) {
    std::string spelling;
    if (byte_level_) {
      const char32_t c = ByteToChar(static_cast<uint8_t>(byte));
      if (c < 0x80) {
        spelling += static_cast<char>(c);
      } else {
        spelling += {static_cast<char>(0xC0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3F))};
      }
    } else if (byte < 0x80) {
      spelling += static_cast<char>(byte);
    }
    const auto index = static_cast<size_t>(byte);
    byte_symbols_[index] = spelling.empty() ? kUnknown : FindSymbol(spelling);
    fallback_[index] = vocabulary_.FindByte(static_cast<uint8_t>(byte));
    if (fallback_[index] < 0) all_fallback_ = false;
  }
}

Result<void> BpeModel::AddListedMerges(const TokenizerSpec& spec) {
  if (spec.merges.size() >= PairTable::kMaxMerges) {
    return Error::Unsupported("merges", "got " + std::to_string(spec.merges.size()) + ", want fewer than " +
                                            std::to_string(PairTable::kMaxMerges));
  }
  pairs_.Reserve(spec.merges.size());
  merges_.reserve(spec.merges.size());
  for (const auto& [left, right] : spec.merges) {
    std::string_view tail = right;
    if (!prefix_.empty() && tail.starts_with(prefix_)) tail.remove_prefix(prefix_.size());
    const uint32_t left_symbol = SymbolFor(left);
    const uint32_t right_symbol = SymbolFor(right);
    const uint32_t merged = SymbolFor(left + std::string(tail));
    if (static_cast<size_t>(vocabulary_.size()) + extra_.size() >= PairTable::kMaxSymbols) {
      return Error::Unsupported("vocabulary", "got " + std::to_string(vocabulary_.size()) +
                                                  " pieces and more merged texts, want fewer than " +
                                                  std::to_string(PairTable::kMaxSymbols) + " together");
    }
    const auto merge = static_cast<uint32_t>(merges_.size());
    merges_.push_back({merge, merged});
    pairs_.Add(left_symbol, right_symbol, merge);
  }
  return {};
}

Result<void> BpeModel::AddScoredMerges(const TokenizerSpec& spec) {
  std::vector<double> scores = spec.scores;
  std::sort(scores.begin(), scores.end(), std::greater<>());
  scores.erase(std::unique(scores.begin(), scores.end()), scores.end());
  const auto rank_of = [&](int32_t id) {
    const double score = spec.scores[static_cast<size_t>(id)];
    return static_cast<uint32_t>(std::lower_bound(scores.begin(), scores.end(), score, std::greater<>()) -
                                 scores.begin());
  };
  struct Pair {
    uint32_t left, right;
  };
  std::vector<Pair> pairs;
  for (int32_t id = 0; id < vocabulary_.size(); ++id) {
    const std::string& text = vocabulary_.Spelling(id);
    if (vocabulary_.Find(text) != id) continue;  // a later piece of the same spelling counts
    if (text.size() > kMaxScoredPieceBytes) {    // each is halved at every place
      return Error::Unsupported("vocabulary[" + std::to_string(id) + "]",
                                "got a piece of " + std::to_string(text.size()) + " bytes, want at most " +
                                    std::to_string(kMaxScoredPieceBytes));
    }
    const char* end = text.data() + text.size();
    for (size_t at = 0; at < text.size();) {
      const size_t first_size = at;
      at += DecodeChar(text.data() + at, end).size;
      if (first_size == 0) continue;
      const std::string left = text.substr(0, first_size);
      const std::string right = text.substr(first_size);
      const auto part = [&](const std::string& half) {
        const bool one = DecodeChar(half.data(), half.data() + half.size()).size == half.size();
        return one ? SymbolFor(half) : FindSymbol(half);
      };
      const uint32_t left_symbol = part(left);
      const uint32_t right_symbol = part(right);
      if (left_symbol == kUnknown || right_symbol == kUnknown) continue;
      merges_.push_back({rank_of(id), static_cast<uint32_t>(id)});
      pairs.push_back({left_symbol, right_symbol});
    }
  }
  if (merges_.size() >= PairTable::kMaxMerges ||
      static_cast<size_t>(vocabulary_.size()) + extra_.size() >= PairTable::kMaxSymbols) {
    return Error::Unsupported("vocabulary", "got " + std::to_string(merges_.size()) +
                                                " ways to merge, want fewer than " +
                                                std::to_string(PairTable::kMaxMerges));
  }
  pairs_.Reserve(pairs.size());
  for (size_t i = 0; i < pairs.size(); ++i) pairs_.Add(pairs[i].left, pairs[i].right, static_cast<uint32_t>(i));
  return {};
}

Result<std::unique_ptr<WordModel>> MakeBpe(const TokenizerSpec& spec, const Vocabulary& vocabulary) {
  return BpeModel::Create(spec, vocabulary);
}

}  // namespace atelier
