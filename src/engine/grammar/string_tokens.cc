#include "engine/grammar/string_tokens.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text/utf8.h"

namespace atelier {
namespace {

void SetBit(std::span<uint64_t> bits, int32_t token) {
  bits[static_cast<size_t>(token) / 64] |= uint64_t{1} << (token % 64);
}

// How many characters begin in a text that begins at a character; the last may be unfinished. Nothing: it holds what a
// string of JSON does not, or is not the beginning of UTF-8.
std::optional<int32_t> CharsOf(std::string_view text) {
  for (const char c : text) {
    if (static_cast<uint8_t>(c) < 0x20 || c == '"' || c == '\\') return std::nullopt;
  }
  const size_t tail = IncompleteUtf8Tail(text);
  const std::string_view whole = text.substr(0, text.size() - tail);
  if (!IsValidUtf8(whole)) return std::nullopt;
  return static_cast<int32_t>(CountCodePoints(whole)) + (tail > 0 ? 1 : 0);
}

bool IsPauseText(std::string_view text) { return text.find_first_not_of(" \n\t\r,") == std::string_view::npos; }

}  // namespace

StringTokens::StringTokens(const TokenTrie& trie) {
  const auto num_words = static_cast<size_t>(trie.num_tokens() + 63) / 64;
  inside_.assign(kMaxCounted + 1, std::vector<uint64_t>(num_words));
  std::map<std::string_view, std::vector<Closer>> by_rest;
  by_rest[""];
  std::vector<std::string> escapes(static_cast<size_t>(trie.num_tokens())), closing(escapes), closing_on(escapes);
  for (int32_t token = 0; token < trie.num_tokens(); ++token) {
    const std::string_view piece = trie.Piece(token);
    if (piece.empty()) continue;
    for (size_t quote = piece.find('"'); quote != std::string_view::npos; quote = piece.find('"', quote + 1)) {
      if (quote > 0) before_quote_.set(static_cast<uint8_t>(piece[quote - 1]));
      by_rest[piece.substr(quote + 1)];  // behind an escaped quote too
    }
    const size_t quote = piece.find('"');
    if (piece.substr(0, quote).find('\\') != std::string_view::npos) escapes[static_cast<size_t>(token)] = piece;
    const auto chars = CharsOf(piece.substr(0, quote));
    if (!chars) continue;
    if (quote != std::string_view::npos) {
      if (IncompleteUtf8Tail(piece.substr(0, quote)) == 0) {
        by_rest[piece.substr(quote + 1)].push_back({token, *chars});
        closing[static_cast<size_t>(token)] = piece;
        if (!IsPauseText(piece.substr(quote + 1))) closing_on[static_cast<size_t>(token)] = piece;
      }
      continue;
    }
    if (*chars > kMaxCounted) long_inside_.push_back({token, *chars});
    for (int64_t most = *chars; most <= kMaxCounted; ++most) SetBit(inside_[static_cast<size_t>(most)], token);
  }
  std::ranges::stable_sort(long_inside_, {}, &Closer::chars);
  std::vector<std::string> texts;
  for (auto& [rest, closers] : by_rest) {
    std::ranges::stable_sort(closers, {}, &Closer::chars);
    texts.emplace_back(rest);
    pauses_.push_back(IsPauseText(rest));
    beginners_.push_back(rest.find('"', std::min(rest.find(','), rest.size())) != rest.npos);
    closers_.push_back(std::move(closers));
  }
  escapes_ = std::make_unique<const TokenTrie>(std::move(escapes));
  closing_ = std::make_unique<const TokenTrie>(std::move(closing));
  closing_on_ = std::make_unique<const TokenTrie>(std::move(closing_on));
  rests_ = std::make_unique<const TokenTrie>(std::move(texts));
  for (int32_t i = 1; i < rests_->num_tokens(); ++i) rest_ids_.emplace(rests_->Piece(i), i);
}

void StringTokens::AddInside(int64_t max_chars, std::span<uint64_t> bits) const {
  if (max_chars < 0) return;
  const std::vector<uint64_t>& counted = inside_[static_cast<size_t>(std::min(max_chars, kMaxCounted))];
  for (size_t i = 0; i < counted.size(); ++i) bits[i] |= counted[i];
  for (const Closer& inside : long_inside_) {
    if (inside.chars > max_chars) break;
    SetBit(bits, inside.token);
  }
}

}  // namespace atelier
