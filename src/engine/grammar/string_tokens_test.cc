// The trie of a vocabulary and what is kept of its tokens within strings, beside a look at every token in turn.
#include "engine/grammar/string_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "base/random.h"
#include "base/text/utf8.h"
#include "engine/grammar/char_kinds.h"
#include "engine/grammar/token_trie.h"

namespace atelier {
namespace {

using testing::ElementsAreArray;

// Texts as vocabularies have them: words, the punctuation of JSON, escapes, parts of characters, the same text twice,
// tokens without one.
std::vector<std::string> RandomPieces(uint64_t seed, size_t num_pieces) {
  static const std::string kParts[] = {
      "a",        "b",    "Z",        "7",    " ",        "\"",   "\"",   "\",", "\"}",  "\\",
      "\\n",      "\\u0", ": ",       "{",    "]",        "é",    "語",   "🙂",  "\xC3", "\xA9",
      "\xE8\xAA", "\x9E", "\xF0\x9F", "\x99", "\xED\xA0", "\x80", "\xC0", "\n",  "\x7F", std::string(1, '\0')};
  Random random(seed);
  std::vector<std::string> pieces;
  for (size_t i = 0; i < num_pieces; ++i) {
    std::string piece;
    const uint64_t num_parts = random.Below(16) == 0 ? 20 + random.Below(8) : random.Below(5);
    for (uint64_t k = 0; k < num_parts; ++k) {
      // Long ones are mostly plain, so that some hold many characters.
      piece += kParts[num_parts > 5 && random.Below(8) != 0 ? random.Below(5) : random.Below(std::size(kParts))];
    }
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

bool BeginsWith(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

TEST(TokenTrie, EveryNodeKnowsItsTokens) {
  const std::vector<std::string> pieces = RandomPieces(1, 700);
  const TokenTrie trie(pieces);
  ASSERT_EQ(trie.num_tokens(), 700);
  std::set<std::string> texts;
  for (const std::string& piece : pieces) {
    for (size_t n = 1; n <= piece.size(); ++n) texts.insert(piece.substr(0, n));
  }
  EXPECT_EQ(trie.num_nodes(), std::ssize(texts) + 1);
  texts.insert("");
  for (const std::string& text : texts) {
    const int32_t node = trie.Find(TokenTrie::kRoot, text);
    ASSERT_GE(node, 0);
    EXPECT_EQ(trie.depth(node), std::ssize(text));
    std::vector<int32_t> here, under;
    std::set<uint8_t> next;
    for (int32_t id = 0; id < trie.num_tokens(); ++id) {
      const std::string& piece = pieces[static_cast<size_t>(id)];
      if (piece.empty() || !BeginsWith(piece, text)) continue;
      under.push_back(id);
      if (piece.size() == text.size())
        here.push_back(id);
      else
        next.insert(static_cast<uint8_t>(piece[text.size()]));
    }
    EXPECT_THAT(trie.tokens(node), ElementsAreArray(here));
    std::vector<int32_t> found(trie.tokens_under(node).begin(), trie.tokens_under(node).end());
    std::ranges::sort(found);
    EXPECT_EQ(found, under);
    EXPECT_THAT(trie.child_bytes(node), ElementsAreArray(next));
    for (size_t i = 0; i < next.size(); ++i) {
      const std::string longer = text + static_cast<char>(trie.child_bytes(node)[i]);
      EXPECT_EQ(trie.children(node)[i], trie.Find(TokenTrie::kRoot, longer));
    }
  }
}

TEST(TokenTrie, WhatIsNotThereIsNotFound) {
  const TokenTrie trie({"abc", "", "ab"});
  EXPECT_EQ(trie.Find(TokenTrie::kRoot, "b"), -1);
  EXPECT_EQ(trie.Find(TokenTrie::kRoot, "abcd"), -1);
  EXPECT_EQ(trie.Find(trie.Find(TokenTrie::kRoot, "a"), "bc"), trie.Find(TokenTrie::kRoot, "abc"));
  EXPECT_TRUE(trie.tokens(trie.Find(TokenTrie::kRoot, "a")).empty());
  EXPECT_EQ(trie.max_depth(), 3);
}

TEST(TokenTrie, AVocabularyWithoutTextIsARoot) {
  const TokenTrie trie({"", ""});
  EXPECT_EQ(trie.num_nodes(), 1);
  EXPECT_TRUE(trie.children(TokenTrie::kRoot).empty());
  EXPECT_TRUE(trie.tokens_under(TokenTrie::kRoot).empty());
}

TEST(TokenTrie, AnEndlessTokenIsLeftOut) {
  const TokenTrie trie({std::string(1 << 20, 'a'), "a"});
  EXPECT_EQ(trie.max_depth(), 1);
  EXPECT_THAT(trie.tokens_under(TokenTrie::kRoot), ElementsAreArray({1}));
}

TEST(CharKinds, PunctuationOfAsciiIsToldApart) {
  std::map<CharKinds, std::set<int>> by_kind;
  for (int byte = 0; byte < 128; ++byte) by_kind[KindOfAscii(static_cast<uint8_t>(byte))].insert(byte);
  for (const auto& [kind, bytes] : by_kind) {
    EXPECT_EQ(std::popcount(kind), 1);
    const int first = *bytes.begin();
    if (first >= 0x20 && first < 0x7F && !std::isalnum(first)) {
      EXPECT_EQ(bytes.size(), 1U) << first;
    }
  }
}

TEST(CharKinds, EveryCharacterBeyondAsciiIsInOneBlock) {
  for (uint32_t code = 0x80; code < 0x110000; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    const std::string utf8 = EncodeUtf8(code);
    int num_blocks = 0;
    for (const CharBlock& block : CharBlocks()) {
      const auto lead = static_cast<uint8_t>(utf8[0]), second = static_cast<uint8_t>(utf8[1]);
      const bool in = lead >= block.first_lead && lead <= block.last_lead && second >= block.first_second &&
                      second <= block.last_second && std::ssize(utf8) == block.num_bytes;
      num_blocks += in;
      ASSERT_TRUE(!in || KindOfUtf8(utf8) == block.kind) << code;
    }
    ASSERT_EQ(num_blocks, 1) << code;
  }
}

// How many characters begin in the text, if a string of JSON could hold it: found by completing it.
std::optional<int64_t> CharsWithin(const std::string& text, bool must_be_whole) {
  for (const char c : text) {
    if (c == '"' || c == '\\' || static_cast<uint8_t>(c) < 0x20) return std::nullopt;
  }
  for (const char* more :
       {"", "\x80", "\x90", "\xA0", "\x80\x80", "\x90\x80", "\xA0\x80", "\x80\x80\x80", "\x90\x80\x80"}) {
    if (IsValidUtf8(text + more)) return static_cast<int64_t>(CountCodePoints(text + more));
    if (must_be_whole) break;
  }
  return std::nullopt;
}

TEST(StringTokens, InsideAreTheTokensThatStayWithinAString) {
  const std::vector<std::string> pieces = RandomPieces(2, 3000);
  const StringTokens strings((TokenTrie(pieces)));
  for (const int64_t most : {-1, 0, 1, 2, 3, 7, 15, 16, 17, 18, 22, 26, 1000}) {
    std::vector<uint64_t> bits((pieces.size() + 63) / 64);
    strings.AddInside(most, bits);
    for (size_t id = 0; id < pieces.size(); ++id) {
      const auto chars = CharsWithin(pieces[id], false);
      EXPECT_EQ((bits[id / 64] >> (id % 64)) & 1, !pieces[id].empty() && chars && *chars <= most) << pieces[id];
    }
  }
}

TEST(StringTokens, InsideAddsToWhatIsThere) {
  const StringTokens strings((TokenTrie({"a", "\"", "b"})));
  std::vector<uint64_t> bits = {2};
  strings.AddInside(1, bits);
  EXPECT_EQ(bits[0], 7U);
}

TEST(StringTokens, ClosersAreTheTokensWithAQuoteByTheirRest) {
  const std::vector<std::string> pieces = RandomPieces(3, 3000);
  const StringTokens strings((TokenTrie(pieces)));
  std::map<std::string, std::multiset<std::pair<int64_t, int32_t>>> expected;  // by rest: characters, token
  for (size_t id = 0; id < pieces.size(); ++id) {
    const size_t quote = pieces[id].find('"');
    if (quote == std::string::npos) continue;
    const auto chars = CharsWithin(pieces[id].substr(0, quote), true);
    if (chars) expected[pieces[id].substr(quote + 1)].emplace(*chars, static_cast<int32_t>(id));
  }
  size_t num_found = 0;
  for (int32_t rest = 0; rest < strings.num_rests(); ++rest) {
    const std::string text(strings.rests().Piece(rest));
    EXPECT_EQ(strings.RestIndex(text), rest);
    std::multiset<std::pair<int64_t, int32_t>> found;
    const auto closers = strings.Closers(rest);
    EXPECT_TRUE(std::ranges::is_sorted(closers, {}, &StringTokens::Closer::chars));
    for (const StringTokens::Closer& closer : closers) found.emplace(closer.chars, closer.token);
    EXPECT_EQ(found, expected[text]) << text;
    num_found += found.empty() ? 0 : 1;
  }
  EXPECT_EQ(num_found,
            static_cast<size_t>(std::ranges::count_if(expected, [](const auto& e) { return !e.second.empty(); })));
}

TEST(StringTokens, EveryQuoteInATokenHasItsRest) {
  const std::vector<std::string> pieces = RandomPieces(4, 500);
  const StringTokens strings((TokenTrie(pieces)));
  EXPECT_EQ(strings.RestIndex(""), 0);
  for (const std::string& piece : pieces) {
    for (size_t i = 0; i < piece.size(); ++i) {
      if (piece[i] != '"') continue;
      const std::string rest = piece.substr(i + 1);
      if (rest.empty()) continue;
      EXPECT_EQ(strings.rests().Piece(strings.RestIndex(rest)), rest);
      EXPECT_TRUE(i == 0 || strings.before_quote().test(static_cast<uint8_t>(piece[i - 1])));
    }
  }
}

TEST(StringTokens, EscapesAreTheTokensWithABackslashBeforeAnyQuote) {
  const std::vector<std::string> pieces = RandomPieces(5, 1000);
  const StringTokens strings((TokenTrie(pieces)));
  for (size_t id = 0; id < pieces.size(); ++id) {
    const std::string before = pieces[id].substr(0, pieces[id].find('"'));
    const bool has = before.find('\\') != std::string::npos;
    EXPECT_EQ(strings.escapes().Piece(static_cast<int32_t>(id)), has ? pieces[id] : "");
  }
}

}  // namespace
}  // namespace atelier
