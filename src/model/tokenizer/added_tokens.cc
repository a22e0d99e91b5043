#include "model/tokenizer/added_tokens.h"

#include <utility>

#include "model/tokenizer/unicode.h"

namespace atelier {
namespace {

// Where the last character of `text` begins.   REQUIRES: !text.empty().
size_t LastCharacter(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && text.size() - at < 4 && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) --at;
  const char* end = text.data() + text.size();
  return at + DecodeChar(text.data() + at, end).size == text.size() ? at : text.size() - 1;
}

char32_t CodeAt(std::string_view text, size_t at) {
  return DecodeChar(text.data() + at, text.data() + text.size()).code;
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedTokenSpec> tokens) {
  for (AddedTokenSpec& token : tokens) {
    if (token.content.empty()) continue;
    const auto first = static_cast<uint8_t>(token.content[0]);
    trie_.Insert(token.content, static_cast<int32_t>(tokens_.size()));
    firsts_.set(first);
    if (token.content.size() == 1) {
      single_.set(first);
    } else {
      pairs_.set(static_cast<size_t>(first) << 8 | static_cast<uint8_t>(token.content[1]));
    }
    tokens_.push_back(std::move(token));
  }
}

AddedTokens::Match AddedTokens::Find(std::string_view text, size_t from) const {
  if (tokens_.empty()) return {};
  for (size_t at = from; at < text.size(); ++at) {
    const auto first = static_cast<uint8_t>(text[at]);
    if (!firsts_[first]) continue;
    const bool goes_on =
        at + 1 < text.size() && pairs_[static_cast<size_t>(first) << 8 | static_cast<uint8_t>(text[at + 1])];
    if (!goes_on && !single_[first]) continue;
    Match match;
    uint32_t node = ByteTrie::kRoot;
    for (size_t end = at; end < text.size();) {
      node = trie_.Child(node, static_cast<uint8_t>(text[end++]));
      if (node == ByteTrie::kNone) break;
      if (const int32_t index = trie_.Value(node); index >= 0) match = {&tokens_[static_cast<size_t>(index)], at, end};
    }
    if (match.token != nullptr) return match;
  }
  return {};
}

bool AddedTokens::Extend(std::string_view text, size_t floor, Match& match) {
  const AddedTokenSpec& token = *match.token;
  if (token.single_word) {
    const bool glued_left = match.begin > 0 && IsRustWord(CodeAt(text, LastCharacter(text.substr(0, match.begin))));
    const bool glued_right = match.end < text.size() && IsRustWord(CodeAt(text, match.end));
    if (glued_left || glued_right) return false;
  }
  while (token.lstrip && match.begin > floor) {
    const size_t last = LastCharacter(text.substr(0, match.begin));
    if (!IsSpace(CodeAt(text, last))) break;
    match.begin = std::max(last, floor);
  }
  while (token.rstrip && match.end < text.size()) {
    const Utf8Char c = DecodeChar(text.data() + match.end, text.data() + text.size());
    if (!IsSpace(c.code)) break;
    match.end += c.size;
  }
  return true;
}

}  // namespace atelier
