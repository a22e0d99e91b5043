// Every pre-tokenizer that llama.cpp's tree knows by name is known here, and cuts random texts where the PyPI package
// `tokenizers` cuts them by the same regular expressions (tools/golden_pre_tokenizers.py).
#include "model/tokenizer/patterns.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/text/json.h"
#include "base/tree_testing.h"
#include "model/tokenizer/pre_tokenizer.h"
#include "model/tokenizer/random_text.h"
#include "model/tokenizer/regex.h"

namespace atelier {
namespace {

Json ReadGolden() {
  std::ifstream file(SourcePath("/tests/golden/model_tokenizer/pre_tokenizers.json"), std::ios::binary);
  auto json = Json::Parse(std::string{std::istreambuf_iterator<char>(file), {}});
  EXPECT_TRUE(json.ok()) << json.error().Message();
  return json.ok() ? *std::move(json) : Json::Object();
}

class WordHash final : public WordSink {
 public:
  void Word(std::string_view word) override { hash_ = Fnv("\xff", Fnv(word, hash_)); }
  uint64_t hash() const { return hash_; }

 private:
  uint64_t hash_ = kFnvStart;
};

PreTokenizer MakeSteps(std::span<const std::string_view> patterns) {
  std::vector<PreTokenizerSpec> steps;
  for (const std::string_view pattern : patterns) steps.push_back(RuleOrRegex(pattern));
  auto made = PreTokenizer::Create(std::move(steps));
  EXPECT_TRUE(made.ok()) << made.error().Message();
  return *std::move(made);
}

TEST(NamedPreTokenizers, EveryNameOfTheGoldenListIsKnown) {
  const Json golden = ReadGolden();
  ASSERT_GE(golden["names"].size(), 91);
  for (const JsonMember& name : golden["names"].members()) {
    EXPECT_NE(FindPreTokenizer(name.key), nullptr) << name.key;
  }
  EXPECT_EQ(FindPreTokenizer("no-such-name"), nullptr);
}

TEST(NamedPreTokenizers, CutWhereTheReferenceCuts) {
  const Json golden = ReadGolden();
  PreTokenizerScratch scratch;
  for (const JsonMember& name : golden["names"].members()) {
    const NamedPreTokenizer* named = FindPreTokenizer(name.key);
    ASSERT_NE(named, nullptr) << name.key;
    const Json& cuts = golden["cuts"][static_cast<size_t>(*name.value.AsInt64())];
    ASSERT_EQ(static_cast<size_t>(cuts["patterns"].size()), named->patterns.size()) << name.key;
    for (size_t i = 0; i < named->patterns.size(); ++i) {
      ASSERT_EQ(cuts["patterns"][i].AsString(), named->patterns[i]) << name.key;
    }
    const PreTokenizer steps = MakeSteps(named->patterns);
    const std::string& hashes = cuts["hashes"].AsString();  // 16 bits a text
    ASSERT_EQ(hashes.size(), 4u * 2000) << name.key;
    for (uint64_t i = 0; i < 2000; ++i) {
      WordHash words;
      steps.Split(RandomText(i), 0, TextMarks::kStart, scratch, words);
      ASSERT_EQ(words.hash() & 0xFFFF, std::stoull(hashes.substr(i * 4, 4), nullptr, 16))
          << name.key << " on text " << i << ": '" << RandomText(i) << "'";
    }
  }
}

TEST(TokenRegex, PatternsAreBounded) {
  std::string pattern;
  while (pattern.size() <= 16 << 10) pattern += "\\p{L}";
  const auto regex = TokenRegex::Compile(pattern);
  ASSERT_FALSE(regex.ok());
  EXPECT_EQ(regex.error().Message(), "regular expression: got 16385 bytes, want at most 16384");
}

}  // namespace
}  // namespace atelier
