#include "engine/grammar/json_mask.h"

#include <algorithm>

#include "engine/grammar/token_bits.h"

namespace atelier {
namespace {

// Whether the text ends within a character of UTF-8.
bool InCharacter(std::string_view text) {
  size_t follow = 0;
  while (follow < 3 && follow < text.size() && (static_cast<uint8_t>(text[text.size() - 1 - follow]) & 0xC0) == 0x80) {
    ++follow;
  }
  if (follow == text.size()) return false;
  const auto lead = static_cast<uint8_t>(text[text.size() - 1 - follow]);
  return lead >= 0xC0 && follow < (lead >= 0xF0 ? 3U : lead >= 0xE0 ? 2U : 1U);
}

}  // namespace

void JsonMask::Add(MachineReader<JsonMachine>& reader, std::span<const JsonThread> threads, std::span<uint64_t> bits) {
  reader_ = &reader;
  plain_.clear();
  outside_.clear();
  texts_.clear();
  // Within a character what was read is no string yet that others could be compared with.
  const bool whole = !InCharacter(reader.text());
  for (const JsonThread& thread : threads) {
    const bool compared = thread.frame != nullptr && thread.frame->compared;
    if (InText(thread) && (whole || !compared)) {
      texts_.push_back(thread);
    } else if (whole && InOtherName(thread)) {
      MaskName(thread, bits);
    } else if (machine().SpaceIsFree() && !JsonMachine::InString(thread)) {
      outside_.push_back(thread);
    } else {
      plain_.push_back(thread);
    }
  }
  // Alternatives often differ only in what comes behind the text.
  if (texts_.size() > 1) std::ranges::stable_sort(texts_, {}, &JsonThread::state);
  for (size_t begin = 0, end = 0; begin < texts_.size(); begin = end) {
    while (end < texts_.size() && texts_[end].state == texts_[begin].state) ++end;
    MaskTexts(std::span(texts_).subspan(begin, end - begin), bits);
  }
  if (!plain_.empty()) reader.Walk(plain_, trie(), [&](int32_t token) { SetTokenBit(bits, token); });
  if (!outside_.empty()) WalkOutside(bits);
}

// Of outside_. Nine in ten nodes of a walk there would be white space, behind which all is as it is behind one blank.
void JsonMask::WalkOutside(std::span<uint64_t> bits) {
  const SpacedTokens& spaced = vocabulary_->spaced;
  const auto found = [&](int32_t tail) {
    for (const int32_t token : spaced.tokens(tail)) SetTokenBit(bits, token);
  };
  reader().Walk(outside_, spaced.others(), [&](int32_t token) { SetTokenBit(bits, token); });
  reader().After(outside_, " ", [&](std::span<const JsonThread> after) {
    if (after.empty()) return;
    found(0);
    reader().Walk(after, spaced.tails(), found);
  });
}

// Sets rests_: what may stand behind a quote where one of `after` stands behind it.
void JsonMask::FindRests(std::span<const JsonThread> after) {
  rests_.assign(static_cast<size_t>(strings().num_rests()), false);
  rests_[0] = true;
  const TokenTrie& trie = strings().rests();
  const auto found = [&](int32_t rest) { rests_[static_cast<size_t>(rest)] = true; };
  const auto known = [&](int32_t node) {
    return std::ranges::all_of(trie.tokens_under(node),
                               [&](int32_t rest) { return rests_[static_cast<size_t>(rest)]; });
  };
  for (const JsonThread& thread : after) reader().Walk({&thread, 1}, trie, found, known);
}

// Tokens within a text of `language`, and those that close it where `after` lets what stands behind the quote follow.
void JsonMask::AddText(LanguageId language, std::span<const JsonThread> after, std::span<uint64_t> bits) {
  const TextMask& mask = text_masks_->Of(language);
  for (size_t i = 0; i < mask.inside.size(); ++i) bits[i] |= mask.inside[i];
  if (mask.closers.empty() || after.empty()) return;
  FindRests(after);
  for (size_t run = 0; run + 1 < mask.runs.size(); ++run) {
    const auto first = static_cast<size_t>(mask.runs[run]);
    if (!rests_[static_cast<size_t>(mask.closers[first].rest)]) continue;
    for (size_t i = first; i < static_cast<size_t>(mask.runs[run + 1]); ++i) SetTokenBit(bits, mask.closers[i].token);
  }
}

void JsonMask::Walk(const JsonThread& thread, std::span<uint64_t> bits) {
  reader().Walk({&thread, 1}, trie(), [&](int32_t token) { SetTokenBit(bits, token); });
}

// Of threads whose texts are of one language.
void JsonMask::MaskTexts(std::span<const JsonThread> threads, std::span<uint64_t> bits) {
  after_.clear();
  for (const JsonThread& thread : threads) {
    if (thread.frame != nullptr && thread.frame->rivals != nullptr) {
      MaskRivalText(thread, bits);
    } else if (thread.frame != nullptr && thread.frame->compared) {
      MaskComparedText(thread, bits);
    } else {
      after_.push_back(JsonMachine::AfterString(thread.frame));
    }
  }
  if (!after_.empty()) AddText(threads[0].state, after_, bits);
}

// What closes the string may end a value that is compared with others, whose bytes then matter; but white space and a
// comma behind the quote are allowed or not whatever the string is.
void JsonMask::MaskComparedText(const JsonThread& thread, std::span<uint64_t> bits) {
  const TextMask& mask = text_masks_->Of(thread.state);
  for (size_t i = 0; i < mask.inside.size(); ++i) bits[i] |= mask.inside[i];
  if (mask.closers.empty()) return;
  const std::string_view closer = trie().Piece(mask.closers[0].token);
  const size_t behind = closer.size() - strings().rests().Piece(mask.closers[0].rest).size();
  reader().After({&thread, 1}, closer.substr(0, behind), [&](std::span<const JsonThread> after) { FindRests(after); });
  for (const TextMask::Closer& one : mask.closers) {
    const bool alike = strings().IsPause(one.rest);
    // Those without escapes are walked over below.
    if (!alike && strings().escapes().Piece(one.token).empty()) continue;
    const bool allowed =
        alike ? rests_[static_cast<size_t>(one.rest)] : reader().CanRead({&thread, 1}, trie().Piece(one.token));
    if (allowed) SetTokenBit(bits, one.token);
  }
  reader().Walk({&thread, 1}, strings().closing_on(), [&](int32_t token) { SetTokenBit(bits, token); });
}

// A member of an object that must not equal its rivals: whatever is none of their values there leaves none of them.
void JsonMask::MaskRivalText(const JsonThread& thread, std::span<uint64_t> bits) {
  const JsonFrame& frame = *thread.frame;
  const std::string_view value = std::string_view(reader().text()).substr(frame.item_begin);
  const auto read = Json::Parse(std::string(value.substr(value.find('"'))) + "\"");
  if (!read.ok()) return Walk(thread, bits);
  JsonFrame free = frame;
  free.rivals = nullptr;
  JsonThread other = thread;
  other.frame = &free;
  std::vector<uint64_t> mask(bits.size());
  MaskComparedText(other, mask);
  const std::string& name = frame.object->names[static_cast<size_t>(frame.last)].text;
  for (const SeenItem* rival = frame.rivals; rival != nullptr; rival = rival->next) {
    const Json* at = rival->value->is_object() ? rival->value->Find(name) : nullptr;
    if (at == nullptr || !at->is_string() || !at->AsString().starts_with(read->AsString())) continue;
    Recheck(thread, std::string_view(at->AsString()).substr(read->AsString().size()), mask);
  }
  for (size_t i = 0; i < bits.size(); ++i) bits[i] |= mask[i];
}

void JsonMask::MaskName(const JsonThread& thread, std::span<uint64_t> bits) {
  const JsonFrame& frame = *thread.frame;
  const ObjectPlan& plan = *frame.object;
  const auto read = Json::Parse("\"" + reader().text().substr(thread.begin) + "\"");
  if (!read.ok()) return Walk(thread, bits);
  Arena& arena = reader().arena();
  const Arena::Mark mark = arena.Now();
  after_.clear();
  machine().AfterOtherName(thread, arena, after_);
  scratch_.assign(bits.size(), 0);
  AddText(thread.state, after_, scratch_);
  arena.Reset(mark);
  // A token that goes on to another name may say this one again, or begin to where it is the only one left.
  const TextMask& mask = text_masks_->Of(thread.state);
  for (size_t run = 0; run + 1 < mask.runs.size(); ++run) {
    const auto first = static_cast<size_t>(mask.runs[run]);
    if (!strings().BeginsName(mask.closers[first].rest)) continue;
    for (size_t i = first; i < static_cast<size_t>(mask.runs[run + 1]); ++i) {
      const int32_t token = mask.closers[i].token;
      uint64_t& word = scratch_[static_cast<size_t>(token) / 64];
      const uint64_t bit = uint64_t{1} << (token % 64);
      if ((word & bit) != 0 && !reader().CanRead({&thread, 1}, trie().Piece(token))) word &= ~bit;
    }
  }
  // Names of the table mean something else, and those that were there may not come again.
  const auto at = static_cast<size_t>(thread.goal);
  for (int32_t i = thread.low; i < thread.high; ++i) {
    const ObjectPlan::Name& name = plan.names[static_cast<size_t>(plan.sorted[static_cast<size_t>(i)])];
    Recheck(thread, std::string_view(name.text).substr(at), scratch_);
  }
  for (const OtherName* other = frame.others; other != nullptr; other = other->next) {
    if (!other->text.starts_with(read->AsString())) continue;
    Recheck(thread, other->text.substr(read->AsString().size()), scratch_);
  }
  for (size_t i = 0; i < bits.size(); ++i) bits[i] |= scratch_[i];
}

// Decides anew on the tokens that end the name with just these characters and a quote, as they stand or, where JSON
// wants or allows a short escape, escaped. (No token of a vocabulary holds a whole \uXXXX and a quote.)
void JsonMask::Recheck(const JsonThread& thread, std::string_view left, std::span<uint64_t> bits) {
  path_ = left.find_first_of("\"\\/\b\f\n\r\t") == left.npos ? std::string(left) + '"' : Json(left).Dump().substr(1);
  RecheckPath(thread, bits);
  if (left.find('/') == left.npos) return;
  for (size_t at = path_.find('/'); at != path_.npos; at = path_.find('/', at + 2)) path_.insert(at, 1, '\\');
  RecheckPath(thread, bits);
}

void JsonMask::RecheckPath(const JsonThread& thread, std::span<uint64_t> bits) {
  const size_t size = path_.size();
  if (size > 1 && !strings().before_quote().test(static_cast<uint8_t>(path_[size - 2]))) return;
  const int32_t node = trie().Find(TokenTrie::kRoot, path_);
  if (node < 0) return;
  for (const int32_t token : trie().tokens_under(node)) {
    bits[static_cast<size_t>(token) / 64] &= ~(uint64_t{1} << (token % 64));
  }
  reader().WalkPath({&thread, 1}, trie(), node, path_, [&](int32_t token) { SetTokenBit(bits, token); });
}

}  // namespace atelier
