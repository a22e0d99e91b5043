#include "engine/grammar/text_masks.h"

#include <algorithm>
#include <optional>

namespace atelier {
namespace {

constexpr size_t kMaxKept = 4096;  // some 25 MB for a vocabulary of 49,152

void SetBit(std::span<uint64_t> bits, int32_t token) {
  bits[static_cast<size_t>(token) / 64] |= uint64_t{1} << (token % 64);
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
  if (const auto chars = machine_->languages().AsChars(state)) {
    AddAnyText(chars->min, chars->max, *mask);
  } else {
    AddPlain(state, TokenTrie::kRoot, *mask);
  }
  AddEscapes(state, *mask);
  std::vector<TextMask::Closer>& closers = mask->closers;
  std::ranges::stable_sort(closers, {}, &TextMask::Closer::rest);
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

// Kinds of bytes (TokenTrie::KindOfByte) of which all lead back to the state.
uint64_t TextMasks::LoopKinds(LanguageId state) {
  const auto [at, added] = loop_kinds_.try_emplace(state, ~uint64_t{0});
  if (!added) return at->second;
  for (int byte = 0; byte < 256; ++byte) {
    const bool content = byte >= 0x20 && byte != '"' && byte != '\\';
    if (content && machine_->languages().Next(state, static_cast<uint8_t>(byte)) == state) continue;
    at->second &= ~(uint64_t{1} << TokenTrie::KindOfByte(static_cast<uint8_t>(byte)));
  }
  return at->second;
}

// Characters that stand for themselves, under `node`. Where all that is under a node leads back to the state, it is
// taken at once.
void TextMasks::AddPlain(LanguageId state, int32_t node, TextMask& mask) {
  const TokenTrie& trie = vocabulary_->trie;
  Languages& languages = machine_->languages();
  const auto bytes = trie.child_bytes(node);
  const auto children = trie.children(node);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int32_t child = children[i];
    const uint8_t byte = bytes[i];
    if (byte < 0x20 || byte == '"' || byte == '\\') {
      if (byte == '"' && languages.Accepts(state)) Close(child, trie, mask);
      continue;
    }
    const LanguageId next = languages.Next(state, byte);
    if (next == state) {
      if ((trie.kinds_under(child) & ~LoopKinds(state)) == 0) {
        for (const int32_t token : trie.tokens_under(child)) SetBit(mask.inside, token);
        continue;
      }
    } else if (next == Languages::kNothing || languages.IsNothing(next)) {
      continue;
    }
    for (const int32_t token : trie.tokens(child)) SetBit(mask.inside, token);
    if (!trie.children(child).empty()) AddPlain(next, child, mask);
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
    for (const int32_t token : trie.tokens(child)) SetBit(mask.inside, token);
    AddEscapesUnder(next[0], child, mask);
  }
}

}  // namespace atelier
