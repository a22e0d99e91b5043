#include "engine/grammar/text_masks.h"

#include <algorithm>
#include <optional>

#include "engine/grammar/token_bits.h"

namespace atelier {
namespace {

constexpr size_t kMaxKept = 4096;    // some 25 MB for a vocabulary of 49,152
constexpr ptrdiff_t kMinAtOnce = 8;  // fewer tokens are walked

// Calls visit(node, is_word) at each node of the trie that a word of the list leads to or through, as far as its
// characters stand for themselves: a quote in a word is escaped, and one in the trie ends the string.
template <class Visit>
void FollowWords(Languages::WordList list, const TokenTrie& trie, int32_t node, Visit visit) {
  const bool is_word = list.words.front().size() == list.read;
  visit(node, is_word);
  if (is_word) list.words = list.words.subspan(1);
  while (!list.words.empty()) {
    const std::string_view next = std::string_view(list.words.front()).substr(list.read, 1);
    const auto end = std::ranges::partition_point(
        list.words, [&](const std::string& word) { return std::string_view(word).substr(list.read, 1) <= next; });
    const auto alike = static_cast<size_t>(end - list.words.begin());
    const int32_t child = trie.Find(node, next);
    if (child >= 0 && next != "\"") FollowWords({list.words.first(alike), list.read + 1}, trie, child, visit);
    list.words = list.words.subspan(alike);
  }
}

}  // namespace

const TextMask& TextMasks::Of(LanguageId state) {
  state = machine_->languages().Near(state, vocabulary_->trie.max_depth());  // what one token can tell apart
  auto& mask = masks_[state];
  if (mask != nullptr) return *mask;
  if (masks_.size() > kMaxKept) masks_.clear();
  auto& made = masks_[state];
  made = Make(state);
  return *made;
}

std::unique_ptr<TextMask> TextMasks::Make(LanguageId state) {
  auto mask = std::make_unique<TextMask>();
  mask->inside.resize(static_cast<size_t>(vocabulary_->trie.num_tokens() + 63) / 64);
  const Languages& languages = machine_->languages();
  if (const auto chars = languages.AsChars(state)) {
    AddAnyText(chars->min, chars->max, *mask);
  } else if (!languages.IsText(state)) {
    AddWithinCharacter(state, TokenTrie::kRoot, *mask);
  } else if (const auto list = languages.AsWords(state); !list.words.empty()) {
    AddWords(list, *mask);
  } else {
    if (languages.TakesAnyText(state)) {
      vocabulary_->strings.AddInside(INT64_MAX, mask->inside);
    } else {
      AddPlain(state, TokenTrie::kRoot, *mask);
    }
    AddClosers(state, TokenTrie::kRoot, *mask);
  }
  AddEscapes(state, *mask);
  std::vector<TextMask::Closer>& closers = mask->closers;
  if (!std::ranges::is_sorted(closers, {}, &TextMask::Closer::rest)) {
    std::ranges::stable_sort(closers, {}, &TextMask::Closer::rest);
  }
  for (size_t i = 0; i < closers.size(); ++i) {
    if (i == 0 || closers[i].rest != closers[i - 1].rest) mask->runs.push_back(static_cast<int32_t>(i));
  }
  mask->runs.push_back(static_cast<int32_t>(closers.size()));
  return mask;
}

void TextMasks::AddAnyText(int64_t min_chars, int64_t max_chars, TextMask& mask) {
  const StringTokens& strings = vocabulary_->strings;
  strings.AddInside(max_chars, mask.inside);
  for (int32_t rest = 0; rest < strings.num_rests(); ++rest) {
    for (const StringTokens::Closer& closer : strings.Closers(rest)) {
      if (closer.chars > max_chars) break;
      if (closer.chars >= min_chars) mask.closers.push_back({rest, closer.token});
    }
  }
}

// The quote at `node` ends the string: what the tokens under it have behind it are rests.
void TextMasks::Close(int32_t node, const TokenTrie& trie, TextMask& mask) {
  const auto behind = static_cast<size_t>(trie.depth(node));
  for (const int32_t token : trie.tokens_under(node)) {
    mask.closers.push_back({vocabulary_->strings.RestIndex(trie.Piece(token).substr(behind)), token});
  }
}

// Characters that stand for themselves, under a node between two of them. Where all that is under a node may come, it
// is taken at once.
void TextMasks::AddPlain(LanguageId state, int32_t node, TextMask& mask) {
  const TokenTrie& trie = vocabulary_->plain.trie();
  Languages& languages = machine_->languages();
  const auto bytes = trie.child_bytes(node);
  const auto children = trie.children(node);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int32_t child = children[i];
    const LanguageId next = languages.Next(state, bytes[i]);
    if (next == Languages::kNothing || languages.IsNothing(next)) continue;
    const auto under = trie.tokens_under(child);
    const bool begins = bytes[i] >= 0xC0;  // a longer character, with which it is looked at
    if (std::ssize(under) >= kMinAtOnce && (begins || bytes[i] < 0x80)) {
      const PlainTokens::Under& texts = vocabulary_->plain.under(child);
      if (runs_.MayAllCome(begins ? state : next, texts.kinds, texts.num_chars)) {
        for (const int32_t token : under) SetTokenBit(mask.inside, token);
        continue;
      }
    }
    for (const int32_t token : trie.tokens(child)) SetTokenBit(mask.inside, token);
    if (!trie.children(child).empty()) AddPlain(next, child, mask);
  }
}

// The same, and tokens that close, of a list: no state is made for each beginning of a word.
void TextMasks::AddWords(Languages::WordList list, TextMask& mask) {
  const TokenTrie& plain = vocabulary_->plain.trie();
  FollowWords(list, plain, TokenTrie::kRoot, [&](int32_t node, bool) {
    for (const int32_t token : plain.tokens(node)) SetTokenBit(mask.inside, token);
  });
  const TokenTrie& closing = vocabulary_->strings.closing();
  FollowWords(list, closing, TokenTrie::kRoot, [&](int32_t node, bool is_word) {
    const int32_t quote = is_word ? closing.Find(node, "\"") : -1;
    if (quote >= 0) Close(quote, closing, mask);
  });
}

// Tokens that end the string with a quote behind such characters.
void TextMasks::AddClosers(LanguageId state, int32_t node, TextMask& mask) {
  const TokenTrie& trie = vocabulary_->strings.closing();
  Languages& languages = machine_->languages();
  const auto bytes = trie.child_bytes(node);
  const auto children = trie.children(node);
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '"') {
      if (languages.Accepts(state)) Close(children[i], trie, mask);
      continue;
    }
    const LanguageId next = languages.Next(state, bytes[i]);
    if (next != Languages::kNothing && !languages.IsNothing(next)) AddClosers(next, children[i], mask);
  }
}

// Tokens that begin by finishing a character.
void TextMasks::AddWithinCharacter(LanguageId state, int32_t node, TextMask& mask) {
  const TokenTrie& trie = vocabulary_->trie;
  Languages& languages = machine_->languages();
  const auto bytes = trie.child_bytes(node);
  const auto children = trie.children(node);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const uint8_t byte = bytes[i];
    if (byte == '"' && languages.Accepts(state)) Close(children[i], trie, mask);
    if (byte < 0x20 || byte == '"' || byte == '\\') continue;
    const LanguageId next = languages.Next(state, byte);
    if (next == Languages::kNothing || languages.IsNothing(next)) continue;
    for (const int32_t token : trie.tokens(children[i])) SetTokenBit(mask.inside, token);
    if (!trie.children(children[i]).empty()) AddWithinCharacter(next, children[i], mask);
  }
}

// Tokens with escapes, as the machine reads them.
void TextMasks::AddEscapes(LanguageId state, TextMask& mask) {
  AddEscapesUnder({.phase = JsonPhase::kText, .state = state}, TokenTrie::kRoot, mask);
}

void TextMasks::AddEscapesUnder(const JsonThread& thread, int32_t node, TextMask& mask) {
  const TokenTrie& trie = vocabulary_->strings.escapes();
  Arena arena;  // a string makes no frames
  JsonThreads next;
  const auto bytes = trie.child_bytes(node);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int32_t child = trie.children(node)[i];
    next.clear();
    machine_->Step(thread, bytes[i], {}, arena, next);
    if (next.empty()) continue;
    if (next[0].phase == JsonPhase::kEnd) {
      Close(child, trie, mask);
      continue;
    }
    for (const int32_t token : trie.tokens(child)) SetTokenBit(mask.inside, token);
    AddEscapesUnder(next[0], child, mask);
  }
}

}  // namespace atelier
