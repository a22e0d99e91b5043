#include "model/tokenizer/bpe.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/text/utf8.h"
#include "model/tokenizer/unicode.h"

namespace atelier {
namespace {

constexpr size_t kShortWord = 48;  // symbols up to which looking for the least beats a heap

}  // namespace

void BpeModel::Offer(uint32_t place, WordScratch& scratch) const {
  ++scratch.num_offers;
  const uint32_t next = scratch.next[place];
  const uint32_t merge =
      next == kUnknown ? PairTable::kNone : pairs_.Find(scratch.symbols[place], scratch.symbols[next]);
  scratch.pairs[place] = merge;
  if (merge == PairTable::kNone) return;
  scratch.queue.Push(merges_[merge].rank, place);
}

// What the queue gives is stale if its pair has changed since: then the place has no merge, or one of another rank.
void BpeModel::MergeLong(WordScratch& scratch) const {
  auto& symbols = scratch.symbols;
  const auto count = static_cast<uint32_t>(symbols.size());
  scratch.next.resize(count);
  scratch.previous.resize(count);
  scratch.pairs.assign(count, PairTable::kNone);
  for (uint32_t i = 0; i < count; ++i) {
    scratch.next[i] = i + 1 < count ? i + 1 : kUnknown;
    scratch.previous[i] = i > 0 ? i - 1 : kUnknown;
  }
  scratch.queue.Start(num_ranks_);
  for (uint32_t i = 0; i + 1 < count; ++i) Offer(i, scratch);
  for (MergeQueue::Item item; scratch.queue.Pop(item);) {
    const uint32_t place = item.place, merge = scratch.pairs[place];
    if (merge == PairTable::kNone || merges_[merge].rank != item.rank) continue;
    const uint32_t next = scratch.next[place];
    if (scratch.merges != nullptr) {
      scratch.merges->push_back({symbols[place], symbols[next], item.rank});
    }
    symbols[place] = merges_[merge].merged;
    symbols[next] = kUnknown;
    scratch.pairs[next] = PairTable::kNone;
    scratch.next[place] = scratch.next[next];
    if (scratch.next[place] != kUnknown) scratch.previous[scratch.next[place]] = place;
    for (const uint32_t changed : {scratch.previous[place], place}) {
      if (changed != kUnknown) Offer(changed, scratch);
    }
  }
  size_t kept = 0;
  for (uint32_t i = 0; i != kUnknown; i = scratch.next[i]) symbols[kept++] = symbols[i];
  symbols.resize(kept);
}

void BpeModel::MergeShort(WordScratch& scratch) const {
  uint32_t* symbols = scratch.symbols.data();
  uint32_t pairs[kShortWord];
  size_t count = scratch.symbols.size();
  for (size_t i = 0; i + 1 < count; ++i) pairs[i] = pairs_.Find(symbols[i], symbols[i + 1]);
  for (;;) {
    uint32_t least = ~uint32_t{0};
    size_t place = 0;
    for (size_t i = 0; i + 1 < count; ++i) {
      if (pairs[i] == PairTable::kNone) continue;
      const uint32_t rank = merges_[pairs[i]].rank;
      if (rank < least) {
        least = rank;
        place = i;
      }
    }
    if (least == ~uint32_t{0}) break;
    if (scratch.merges != nullptr) scratch.merges->push_back({symbols[place], symbols[place + 1], least});
    symbols[place] = merges_[pairs[place]].merged;
    --count;
    for (size_t i = place + 1; i < count; ++i) {
      symbols[i] = symbols[i + 1];
      pairs[i - 1] = pairs[i];
    }
    if (place > 0) pairs[place - 1] = pairs_.Find(symbols[place - 1], symbols[place]);
    if (place + 1 < count) pairs[place] = pairs_.Find(symbols[place], symbols[place + 1]);
  }
  scratch.symbols.resize(count);
}

void BpeModel::PushCharacter(std::string_view word, size_t at, size_t size, std::string& spelling,
                             WordScratch& scratch) const {
  spelling.clear();
  if (at > 0) spelling += prefix_;
  if (byte_level_) {
    AppendUtf8(spelling, ByteToChar(static_cast<uint8_t>(word[at])));
  } else {
    spelling += word.substr(at, size);
  }
  if (at + size == word.size()) spelling += suffix_;
  const uint32_t symbol = FindSymbol(spelling);
  if (symbol != kUnknown) {
    scratch.symbols.push_back(symbol);
  } else if (scored_) {  // cannot merge; becomes bytes or unk in the end
    for (const char byte : spelling) {
      const int32_t id = fallback_[static_cast<uint8_t>(byte)];
      if (!all_fallback_ || id < 0) {
        scratch.symbols.push_back(kUnknown);
        return;
      }
      scratch.symbols.push_back(PairTable::kMaxSymbols + static_cast<uint32_t>(id));
    }
  } else if (byte_fallback_ && (all_fallback_ || std::all_of(spelling.begin(), spelling.end(), [&](char byte) {
                                  return fallback_[static_cast<uint8_t>(byte)] >= 0;
                                }))) {
    for (const char byte : spelling) {
      scratch.symbols.push_back(static_cast<uint32_t>(fallback_[static_cast<uint8_t>(byte)]));
    }
  } else if (unk_ >= 0) {
    const auto unk = static_cast<uint32_t>(unk_);
    if (!fuse_unk_ || scratch.symbols.empty() || scratch.symbols.back() != unk) scratch.symbols.push_back(unk);
  }
}

void BpeModel::PushSymbols(std::string_view word, WordScratch& scratch) const {
  scratch.symbols.clear();
  if (byte_level_ && prefix_.empty() && suffix_.empty()) {
    for (const char byte : word) {
      const uint32_t symbol = byte_symbols_[static_cast<uint8_t>(byte)];
      if (symbol != kUnknown) {
        scratch.symbols.push_back(symbol);
      } else if (unk_ >= 0) {
        scratch.symbols.push_back(static_cast<uint32_t>(unk_));
      }
    }
    return;
  }
  std::string spelling;
  const char* end = word.data() + word.size();
  const bool plain = prefix_.empty() && suffix_.empty();
  for (size_t at = 0; at < word.size();) {
    const auto byte = static_cast<uint8_t>(word[at]);
    if (plain && byte < 0x80 && byte_symbols_[byte] != kUnknown) {
      scratch.symbols.push_back(byte_symbols_[byte]);
      ++at;
      continue;
    }
    const size_t size = byte_level_ ? 1 : DecodeChar(word.data() + at, end).size;
    PushCharacter(word, at, size, spelling, scratch);
    at += size;
  }
}

void BpeModel::Emit(uint32_t symbol, bool& after_unknown, std::vector<int32_t>& out) const {
  if (symbol != kUnknown && symbol >= PairTable::kMaxSymbols) symbol -= PairTable::kMaxSymbols;
  if (symbol < static_cast<uint32_t>(vocabulary_.size())) {
    out.push_back(static_cast<int32_t>(symbol));
    after_unknown = false;
    return;
  }
  const std::string text = symbol == kUnknown ? std::string(1, '\0') : SymbolText(symbol);
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    const int32_t id = symbol == kUnknown ? -1
                       : byte_level_      ? static_cast<int32_t>(byte_symbols_[byte])
                                          : fallback_[byte];
    if (id >= 0 && id < vocabulary_.size()) {  // a byte that only merges name has a symbol and no id
      out.push_back(id);
      after_unknown = false;
    } else if (unk_ >= 0) {
      if (!fuse_unk_ || !after_unknown) out.push_back(unk_);
      after_unknown = true;
      if (!byte_level_) return;
    }
  }
}

void BpeModel::Encode(std::string_view word, WordScratch& scratch, std::vector<int32_t>& out) const {
  if (ignore_merges_ || (newline_runs_ && word.find_first_not_of('\n') == word.npos)) {
    if (const int32_t id = WholeWord(word); id >= 0) {
      out.push_back(id);
      return;
    }
  }
  PushSymbols(word, scratch);
  if (scratch.symbols.size() > kShortWord) {
    MergeLong(scratch);
  } else if (scratch.symbols.size() > 1) {
    MergeShort(scratch);
  }
  bool after_unknown = false;
  for (const uint32_t symbol : scratch.symbols) Emit(symbol, after_unknown, out);
}

int32_t BpeModel::WholeWord(std::string_view word) const {
  return byte_level_ ? raw_index_.Find(word) : vocabulary_.Find(word);
}

}  // namespace atelier
