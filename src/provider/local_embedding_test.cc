// Vectors of tokens, and what who cuts texts is told of an embedder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "provider/local_testing.h"
#include "provider/provider_testing.h"
#include "provider/token_spans.h"

namespace atelier {
namespace {

const char kMiniLm[] = "all-minilm-l6-v2";

EmbeddingRequest RequestOf(std::vector<std::string> texts) {
  EmbeddingRequest request;
  request.model = kMiniLm;
  for (std::string& text : texts) request.inputs.emplace_back(TextPrompt{std::move(text)});
  request.token_vectors = true;
  return request;
}

TEST(LocalEmbedding, TheMeanOfTheTokensVectorsIsTheTexts) {
  REQUIRE_LOCAL_MODEL(kMiniLm);
  LocalBench bench;
  const auto embeddings = bench.Run(
      bench.provider().Embed({}, RequestOf({"A cat sleeps on the sofa.", "Rates rose by half a percentage point."})));
  ASSERT_TRUE(embeddings.ok()) << embeddings.error().Message();
  ASSERT_EQ(embeddings->tokens.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    const TokenVectors& tokens = embeddings->tokens[i];
    const std::vector<float>& whole = embeddings->vectors[i];
    const size_t size = whole.size();
    ASSERT_EQ(tokens.values.size(), tokens.spans.size() * size);
    std::vector<double> mean(size);
    for (size_t k = 0; k < tokens.values.size(); ++k) mean[k % size] += tokens.values[k];
    double norm = 0;
    for (const double value : mean) norm += value * value;
    for (size_t k = 0; k < size; ++k) EXPECT_NEAR(mean[k] / std::sqrt(norm), whole[k], 1e-5);
  }
}

TEST(LocalEmbedding, TokensKnowWhereTheyStand) {
  REQUIRE_LOCAL_MODEL(kMiniLm);
  LocalBench bench;
  const std::string text = "  Café naïveté, unbelievably!\n你好 x";
  const auto embeddings = bench.Run(bench.provider().Embed({}, RequestOf({text})));
  ASSERT_TRUE(embeddings.ok()) << embeddings.error().Message();
  std::vector<std::string> words;
  for (const TextSpan& span : embeddings->tokens[0].spans) words.emplace_back(TextOf(text, span));
  ASSERT_GT(words.size(), 8U);
  EXPECT_EQ(words.front(), "");
  EXPECT_EQ(words.back(), "");
  EXPECT_EQ(words[1], "Café");
  EXPECT_THAT(words, testing::IsSupersetOf({",", "!", "你", "好", "x"}));
  std::string joined;
  for (const std::string& word : words) joined += word;
  EXPECT_EQ(joined, "Cafénaïveté,unbelievably!你好x");
}

TEST(LocalEmbedding, AnEmbedderSaysWhatItReads) {
  REQUIRE_LOCAL_MODEL(kMiniLm);
  LocalBench bench;
  const auto details = bench.Run(bench.provider().DescribeEmbedder({}, kMiniLm));
  ASSERT_TRUE(details.ok()) << details.error().Message();
  EXPECT_EQ(details->vector_size, 384);
  EXPECT_TRUE(details->token_vectors);
  EXPECT_TRUE(details->pools_by_mean);
  ASSERT_NE(details->counter, nullptr);
  EXPECT_EQ(details->counter->Count("A cat sleeps."), 4);
  // What it says it reads, it reads.
  std::string text;
  while (details->counter->Count(text) < details->max_tokens) text += "cat ";
  EXPECT_TRUE(bench.Run(bench.provider().Embed({}, RequestOf({text}))).ok());
  const auto refused = bench.Run(bench.provider().Embed({}, RequestOf({text + "cat"})));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "context_length_exceeded");
}

TEST(LocalEmbedding, ATextIsCutWhereTheRequestSays) {
  REQUIRE_LOCAL_MODEL(kMiniLm);
  LocalBench bench;
  const auto vectors = [&](int num_cats, int64_t max_tokens) {
    std::string text;
    for (int i = 0; i < num_cats; ++i) text += "cat ";
    EmbeddingRequest request = RequestOf({text + "dog"});
    request.token_vectors = false, request.truncate = true, request.max_tokens = max_tokens;
    auto embeddings = bench.Run(bench.provider().Embed({}, std::move(request)));
    EXPECT_TRUE(embeddings.ok()) << embeddings.error().Message();
    return embeddings.ok() ? embeddings->vectors[0] : std::vector<float>();
  };
  // Sixteen tokens, of which the model adds two: what comes after the fourteenth word is not read.
  EXPECT_EQ(vectors(14, 16), vectors(30, 16));
  EXPECT_NE(vectors(13, 16), vectors(14, 16));
  EXPECT_NE(vectors(14, 16), vectors(14, 0));
  EXPECT_EQ(vectors(600, 100'000), vectors(600, 0));  // the context ends before
}

TEST(LocalEmbedding, AModelElsewhereHasNoVectorsOfTokens) {
  ProviderBench bench([](const FaultyServer::Request&) { return FaultyServer::Answer{}; });
  ProviderSet& set = bench.Open();
  EmbeddingRequest request = RequestOf({"text"});
  request.model = "up/model";
  const auto refused = bench.loop().RunTask(set.Embed({}, std::move(request)));
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().Message(), testing::HasSubstr("token_vectors: got true for provider up"));
  const auto details = bench.loop().RunTask(set.DescribeEmbedder({}, "up/model"));
  ASSERT_TRUE(details.ok());
  EXPECT_FALSE(details->token_vectors);
  EXPECT_EQ(details->counter, nullptr);
}

}  // namespace
}  // namespace atelier
