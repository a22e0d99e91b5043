// What holds of every vocabulary: bytes come back, streams are whole characters, cost grows with the text.
#include "model/tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>

#include "base/io/files.h"
#include "base/random.h"
#include "base/text/utf8.h"
#include "base/tree_testing.h"
#include "model/container/gguf.h"
#include "model/tokenizer/gguf_spec.h"
#include "model/tokenizer/merge_queue.h"
#include "model/tokenizer/random_text.h"
#include "model/tokenizer/spec.h"
#include "model/tokenizer/word_model.h"

namespace atelier {
namespace {

std::string VocabularyPath(std::string_view name) {
  return SharedPath("/tokenizers/ggml-vocab-") + std::string(name) + ".gguf";
}

// Bytes of any kind: noise, characters cut short, lone continuations, and text between them.
std::string RandomBytes(uint64_t number) {
  Random random(20261127, number);
  std::string out;
  for (uint64_t n = random.Below(12); n > 0; --n) {
    std::string part = RandomText(random.Below(1'000'000));
    switch (random.Below(4)) {
      case 0: out += part; break;
      case 1: out += part.substr(random.Below(part.size() + 1), random.Below(9)); break;
      default:
        for (uint64_t k = random.Below(6); k > 0; --k) out += static_cast<char>(random.Below(256));
    }
  }
  return out;
}

class SharedTokenizer : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(VocabularyPath(GetParam())))
      GTEST_SKIP() << VocabularyPath(GetParam()) << " is not there";
    auto file = GgufFile::Open(VocabularyPath(GetParam()));
    ASSERT_TRUE(file.ok()) << file.error().Message();
    auto tokenizer = Tokenizer::FromGguf(**file);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().Message();
    tokenizer_ = *tokenizer;
  }
  std::shared_ptr<const Tokenizer> tokenizer_;
};
std::string TestName(const testing::TestParamInfo<const char*>& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

struct ByteVocabulary {
  std::string path;
  size_t missing;  // bytes without a piece of their own, or whose piece is also that of a character
};
class ByteLevelTokenizer : public testing::TestWithParam<ByteVocabulary> {};

Result<std::shared_ptr<const Tokenizer>> Load(const std::string& path) {
  if (!path.ends_with(".json")) {
    TRY(const auto file, GgufFile::Open(path));
    return Tokenizer::FromGguf(*file);
  }
  TRY(const std::string json, ReadWholeFile(Files::Real(), path, 1 << 30));
  return Tokenizer::FromJson(json);
}

TEST_P(ByteLevelTokenizer, DecodeGivesEveryByteStringBack) {
  const auto& [path, missing] = GetParam();
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const auto tokenizer = Load(path);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().Message();
  const auto back = [&](const std::string& text, bool parse_special) {
    const auto ids = (*tokenizer)->Encode(text, {.add_special = false, .parse_special = parse_special});
    return (*tokenizer)->Decode(ids, {.skip_special = false});
  };
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    if (back(one, false) == one) bytes += one;
  }
  ASSERT_EQ(256 - bytes.size(), missing);
  for (const char first : bytes) {
    for (const char second : bytes) {
      const std::string two = {first, second};
      ASSERT_EQ(back(two, false), two);
    }
  }
  for (uint64_t i = 0; i < 3000; ++i) {
    std::string text = RandomBytes(i);
    std::erase_if(text, [&](char byte) { return bytes.find(byte) == bytes.npos; });
    ASSERT_EQ(back(text, false), text) << "byte string " << i;
    ASSERT_EQ(back(text, true), text) << "byte string " << i << ", special tokens parsed";
  }
}

const std::string kGolden = SourcePath("/tests/golden/model_tokenizer/");
INSTANTIATE_TEST_SUITE_P(
    All, ByteLevelTokenizer,
    testing::Values(ByteVocabulary{VocabularyPath("gpt-2"), 0}, ByteVocabulary{kGolden + "tiny-llama3.json", 0},
                    ByteVocabulary{kGolden + "tiny-gpt4o.json", 0}, ByteVocabulary{VocabularyPath("starcoder"), 14},
                    ByteVocabulary{VocabularyPath("falcon"), 28}, ByteVocabulary{VocabularyPath("deepseek-llm"), 13}));

TEST_P(SharedTokenizer, AStreamIsWholeCharactersAndTheTextOfAllTokens) {
  Random random(20261128, 0);
  for (int i = 0; i < 500; ++i) {
    std::vector<int32_t> ids;
    if (i % 2 == 0) ids = tokenizer_->Encode(RandomBytes(static_cast<uint64_t>(i)), {.add_special = false});
    for (uint64_t n = i % 2 == 0 ? 0 : random.Below(40); n > 0; --n) {
      ids.push_back(static_cast<int32_t>(random.Below(static_cast<uint64_t>(tokenizer_->vocab_size()))));
    }
    Detokenizer stream(*tokenizer_);
    std::string text;
    for (const int32_t id : ids) {
      const std::string piece = stream.Push(id);
      ASSERT_TRUE(IsValidUtf8(piece)) << i;
      ASSERT_LE(stream.pending().size(), 3u) << i;
      text += piece;
    }
    const std::string last = stream.Flush();
    ASSERT_TRUE(IsValidUtf8(last)) << i;
    ASSERT_EQ(text + last, ReplaceInvalidUtf8(tokenizer_->Decode(ids))) << i;
  }
}

// One word of n symbols is the hardest: nothing is cut before the merges. Pairs looked up are what grows.
// Where a text goes on from another, no blank is put before it: the one that begins a text is there to be seen.
TEST_P(SharedTokenizer, WhatGoesOnIsWhatStandsBehindABlank) {
  const auto spec = ReadGgufSpec(**GgufFile::Open(VocabularyPath(GetParam())));
  if (spec->model == TokenModel::kWordPiece) GTEST_SKIP() << "knows no blanks";
  const bool puts_blank = GetParam() == std::string_view("llama-spm");
  for (uint64_t i = 0; i < 300; ++i) {
    const std::string text = RandomText(i);
    const auto tokens = tokenizer_->Encode(text, {.add_special = false, .continues = true});
    std::string spelled;
    for (const int32_t token : tokens) spelled += tokenizer_->Piece(token);
    EXPECT_EQ(spelled, tokenizer_->Decode(tokenizer_->Encode(text, {.add_special = false})));
    const std::string behind = (puts_blank ? " " : "") + text;
    if (!text.empty()) {
      EXPECT_EQ(tokenizer_->Encode(behind, {.add_special = false, .continues = true}),
                tokenizer_->Encode(text, {.add_special = false}))
          << text;
    }
    Detokenizer stream(*tokenizer_, {.continues = true});
    std::string streamed;
    for (const int32_t token : tokens) streamed += stream.Push(token);
    EXPECT_EQ(streamed + stream.Flush(), ReplaceInvalidUtf8(spelled));
  }
}

TEST_P(SharedTokenizer, MergesOfALongWordGrowWithItsLength) {
  auto file = GgufFile::Open(VocabularyPath(GetParam()));
  auto spec = ReadGgufSpec(**file);
  ASSERT_TRUE(spec.ok());
  if (spec->model != TokenModel::kBpe && spec->model != TokenModel::kScoredBpe) GTEST_SKIP() << "merges nothing";
  const Vocabulary vocabulary(spec->pieces);
  const auto model = MakeBpe(*spec, vocabulary);
  ASSERT_TRUE(model.ok());
  for (const std::string_view part :
       {"a", " ", "0", "ab", "=", "\n", "\xE2\x96\x81", "\xF0\x9F\x98\x80", "e\xCC\x81"}) {
    for (const size_t size : {100'000, 400'000}) {
      std::string word;
      while (word.size() < size) word += part;
      WordScratch scratch;
      std::vector<int32_t> ids;
      (*model)->Encode(word, scratch, ids);
      EXPECT_LE(scratch.num_offers, 3 * word.size()) << "'" << part << "' " << size;  // one each, two a merge
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, SharedTokenizer,
                         testing::Values("bert-bge", "deepseek-llm", "falcon", "gpt-2", "llama-spm", "starcoder"),
                         TestName);

TokenizerSpec ByteSpec(std::vector<std::string> pieces, std::vector<std::pair<std::string, std::string>> merges) {
  TokenizerSpec spec;
  spec.where = "test";
  spec.pieces = std::move(pieces);
  spec.merges = std::move(merges);
  spec.byte_level = true;
  spec.keep_unknown_bytes = true;
  return spec;
}

// The queue against a sorted set: pushes of any rank, below the open one too, as only odd merge lists make them.
TEST(MergeQueue, GivesLeastRankAndLeftmostFirstWhateverComes) {
  MergeQueue queue;
  for (uint64_t round = 0; round < 200; ++round) {
    Random random(20261129, round);
    std::multiset<std::pair<uint32_t, uint32_t>> model;
    queue.Start(16);
    for (uint64_t n = random.Below(60); n > 0 || !model.empty();) {
      if (n > 0 && random.Below(3) > 0) {
        const auto rank = static_cast<uint32_t>(random.Below(16)), place = static_cast<uint32_t>(random.Below(40));
        queue.Push(rank, place);
        model.emplace(rank, place);
        --n;
      } else if (!model.empty()) {
        MergeQueue::Item item;
        ASSERT_TRUE(queue.Pop(item));
        ASSERT_EQ(std::pair(item.rank, item.place), *model.begin()) << round;
        model.erase(model.begin());
      }
    }
    MergeQueue::Item item;
    ASSERT_FALSE(queue.Pop(item));
  }
}

// Merges by the definition: the least rank there is, leftmost, again and again.
std::vector<std::string> MergeByDefinition(std::vector<std::string> parts,
                                           const std::vector<std::pair<std::string, std::string>>& merges) {
  for (;;) {
    size_t least = merges.size(), at = 0;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto found = std::ranges::find(merges, std::pair(parts[i], parts[i + 1]));
      const auto rank = static_cast<size_t>(found - merges.begin());
      if (rank < least) least = rank, at = i;
    }
    if (least == merges.size()) return parts;
    parts[at] += parts[at + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

TEST(Bpe, LongWordsMergeByTheDefinitionWithAnyOrderOfRanks) {
  for (uint64_t round = 0; round < 150; ++round) {
    Random random(20261130, round);
    std::vector<std::string> pieces = {"a", "b", "c"};
    std::vector<std::pair<std::string, std::string>> merges;
    while (merges.size() < 12) {
      const std::pair<std::string, std::string> merge = {pieces[random.Below(pieces.size())],
                                                         pieces[random.Below(pieces.size())]};
      const std::string merged = merge.first + merge.second;
      if (std::ranges::find(merges, merge) != merges.end()) continue;
      merges.push_back(merge);
      if (std::ranges::find(pieces, merged) == pieces.end()) pieces.push_back(merged);
    }
    for (size_t i = merges.size(); i > 1; --i) std::swap(merges[i - 1], merges[random.Below(i)]);
    std::vector<std::string> parts;
    std::string word;
    for (uint64_t n = 60 + random.Below(200); n > 0; --n) {
      parts.emplace_back(1, static_cast<char>('a' + random.Below(round % 2 == 0 ? 3 : 2)));
      word += parts.back();
    }
    const auto tokenizer = Tokenizer::FromSpec(ByteSpec(pieces, merges)).value();
    std::vector<std::string> got;
    for (const int32_t id : tokenizer->Encode(word)) got.emplace_back(tokenizer->Spelling(id));
    ASSERT_EQ(got, MergeByDefinition(parts, merges)) << round;
  }
}

// Found by tokenizer_gguf_fuzz: a byte that has no piece, but is named by a merge, became an id beyond the vocabulary.
TEST(Tokenizer, AByteThatOnlyMergesNameHasNoId) {
  const auto tokenizer = Tokenizer::FromSpec(ByteSpec({"a", "b", "ab"}, {{"a", "b"}, {"b", "c"}}));
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().Message();
  EXPECT_EQ((*tokenizer)->Encode("abcbc"), (std::vector<int32_t>{2, 1}));
  EXPECT_EQ((*tokenizer)->Encode("c"), std::vector<int32_t>());
}

TEST(Tokenizer, LongPiecesAndScoresThatAreNoNumbersAreErrors) {
  TokenizerSpec spec;
  spec.where = "test";
  spec.model = TokenModel::kScoredBpe;
  spec.pieces = {"a", std::string(1 << 20, 'a')};
  spec.scores = {0, -1};
  EXPECT_EQ(Tokenizer::FromSpec(spec).error().Message(),
            "test.vocabulary[1]: got a piece of 1048576 bytes, want at most 1024");
  spec.pieces = {"a", "aa"};
  spec.scores = {0, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_EQ(Tokenizer::FromSpec(spec).error().Message(), "test.scores: got NaN, want numbers");
}

}  // namespace
}  // namespace atelier
