// /v1/embeddings and /v1/rerank, over the real encoders and a tiny cross-encoder.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/text/base64.h"
#include "serve/serve_testing.h"
#include "serve/tiny_model.h"

namespace atelier {
namespace {

std::vector<double> VectorOf(const Json& embedding) {
  std::vector<double> vector;
  for (const Json& number : embedding.items()) vector.push_back(number.AsDouble());
  return vector;
}

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

class Vectors : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (IsInstalled(kEmbeddingModel)) server = std::make_unique<ServedApp>();
  }
  static void TearDownTestSuite() { server.reset(); }
  void SetUp() override { REQUIRE_INSTALLED(kEmbeddingModel); }
  static Answer Embed(std::string_view json) {
    Answer answer = server->PostText("/v1/embeddings", json);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer;
  }
  static std::unique_ptr<ServedApp> server;
};
std::unique_ptr<ServedApp> Vectors::server;

TEST_F(Vectors, InputsAreTextsOrTokens) {
  const Answer texts = Embed(R"({"input": ["hello", "the sea"], "model": "all-minilm-l6-v2"})");
  EXPECT_EQ(texts.json["object"].AsString(), "list");
  ASSERT_EQ(texts.json["data"].size(), 2);
  const Json ids = server->PostText("/tokenize", R"({"prompt": "hello", "model": "all-minilm-l6-v2"})").json["tokens"];
  EXPECT_EQ(texts.json["usage"]["prompt_tokens"].AsInt64(), 3 + 4);
  const Answer tokens = server->Post("/v1/embeddings", Json::Object({{"input", ids}, {"model", kEmbeddingModel}}));
  EXPECT_EQ(tokens.json["data"][0]["embedding"], texts.json["data"][0]["embedding"]);
  const Answer arrays =
      server->Post("/v1/embeddings", Json::Object({{"input", Json::Array({ids, ids})}, {"model", kEmbeddingModel}}));
  EXPECT_EQ(arrays.json["data"][1]["embedding"], texts.json["data"][0]["embedding"]);
  const std::vector<double> hello = VectorOf(texts.json["data"][0]["embedding"]);
  EXPECT_EQ(hello.size(), 384U);
  EXPECT_NEAR(Dot(hello, hello), 1, 1e-5);
}

TEST_F(Vectors, DimensionsCutAndScaleToUnitLength) {
  const std::vector<double> whole = VectorOf(Embed(R"({"input": "hello"})").json["data"][0]["embedding"]);
  const std::vector<double> cut =
      VectorOf(Embed(R"({"input": "hello", "dimensions": 8})").json["data"][0]["embedding"]);
  ASSERT_EQ(cut.size(), 8U);
  EXPECT_NEAR(Dot(cut, cut), 1, 1e-5);
  for (size_t i = 1; i < 8; ++i) EXPECT_NEAR(cut[i] / cut[0], whole[i] / whole[0], 1e-4);
  const Answer many = server->PostText("/v1/embeddings", R"({"input": "hello", "dimensions": 385})");
  EXPECT_EQ(many.status, 400);
  EXPECT_EQ(many.param(), "dimensions");
}

TEST_F(Vectors, Base64IsTheSameFloats) {
  const std::vector<double> numbers = VectorOf(Embed(R"({"input": "hello"})").json["data"][0]["embedding"]);
  const Json text = Embed(R"({"input": "hello", "encoding_format": "base64"})").json["data"][0]["embedding"];
  const auto bytes = Base64Decode(text.AsString());
  ASSERT_TRUE(bytes.ok());
  ASSERT_EQ(bytes->size(), 384 * sizeof(float));
  for (size_t i = 0; i < 384; ++i) {
    float value = 0;
    std::memcpy(&value, bytes->data() + i * sizeof value, sizeof value);
    EXPECT_EQ(value, static_cast<float>(numbers[i]));
  }
}

TEST_F(Vectors, UpTo2048InputsAtOnce) {
  Json inputs = Json::Array();
  for (int i = 0; i < 2048; ++i) inputs.Push(std::string(1, static_cast<char>('a' + i % 26)));
  const Answer answer = server->Post("/v1/embeddings", Json::Object({{"input", inputs}, {"dimensions", 2}}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(answer.json["data"].size(), 2048);
  EXPECT_EQ(*answer.json["data"][2047]["index"].AsInt64(), 2047);
  EXPECT_EQ(answer.json["data"][26]["embedding"], answer.json["data"][0]["embedding"]);
  inputs.Push("x");
  EXPECT_EQ(server->Post("/v1/embeddings", Json::Object({{"input", inputs}})).param(), "input");
  for (const char* bad :
       {R"({"input": ""})", R"({"input": []})", R"({"input": [1.5]})", R"({"input": [-1]})", R"({"input": [99999999]})",
        R"({"input": {"a": 1}})", R"({"input": "x", "model": "smollm2-135m-instruct"})"}) {
    EXPECT_EQ(server->PostText("/v1/embeddings", bad).status, 400) << bad;
  }
}

TEST_F(Vectors, AnotherModelMakesOthers) {
  REQUIRE_INSTALLED(kOtherEmbeddingModel);
  const Answer other = Embed(R"({"input": ["a cat", "a kitten", "tax law"], "model": "bge-small-en-v1.5"})");
  const std::vector<double> cat = VectorOf(other.json["data"][0]["embedding"]);
  EXPECT_GT(Dot(cat, VectorOf(other.json["data"][1]["embedding"])),
            Dot(cat, VectorOf(other.json["data"][2]["embedding"])));
}

TEST_F(Vectors, RerankBySimilarityInCoheresAndJinasShape) {
  const std::string body = R"({"query": "What is the capital of France?", "model": "all-minilm-l6-v2",
      "documents": ["Bananas are yellow.", {"text": "Paris is the capital of France."}, "France is a country."],
      "top_n": 2, "return_documents": true})";
  for (const char* path : {"/v1/rerank", "/v2/rerank", "/rerank", "/v1/reranking", "/reranking"}) {
    const Answer answer = server->PostText(path, body);
    ASSERT_EQ(answer.status, 200) << answer.body;
    const Json& results = answer.json["results"];
    ASSERT_EQ(results.size(), 2);
    EXPECT_EQ(*results[0]["index"].AsInt64(), 1);
    EXPECT_EQ(*results[1]["index"].AsInt64(), 2);
    EXPECT_EQ(results[0]["document"]["text"].AsString(), "Paris is the capital of France.");
    EXPECT_GE(results[0]["relevance_score"].AsDouble(), results[1]["relevance_score"].AsDouble());
    EXPECT_LE(results[0]["relevance_score"].AsDouble(), 1);
    EXPECT_TRUE(answer.json["id"].is_string());
    EXPECT_GT(*answer.json["usage"]["total_tokens"].AsInt64(), 0);                 // Jina
    EXPECT_EQ(*answer.json["meta"]["billed_units"]["search_units"].AsInt64(), 1);  // Cohere
  }
  // Without a model: the embedding model where there is no cross-encoder. One document may be a text.
  const Answer one = server->PostText("/v1/rerank", R"({"query": "x", "documents": "y"})");
  EXPECT_EQ(one.json["results"].size(), 1) << one.body;
  EXPECT_FALSE(one.json["results"][0].Has("document"));
  EXPECT_EQ(server->PostText("/v1/rerank", R"({"query": "x", "documents": []})").param(), "documents");
  EXPECT_EQ(server->PostText("/v1/rerank", R"({"query": "x", "documents": [1]})").param(), "documents[0]");
}

TEST(CrossEncoder, ScoresPairs) {
  const std::string folder = TinyModelFolder("cross");
  MakeTinyCrossEncoder(folder);
  Config config;
  config.models.push_back({"tiny-cross", folder});
  ServedApp server(config);
  EXPECT_EQ(server.Get("/v1/models/tiny-cross").json["kind"].AsString(), "rerank");
  // Without a model the cross-encoder is taken.
  const Answer answer = server.PostText("/v1/rerank", R"({"query": "cab", "documents": ["abc", "zz zz", "dab"]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["model"].AsString(), "tiny-cross");
  ASSERT_EQ(answer.json["results"].size(), 3);
  // A pair's score is its own, whoever else is there: alone it is the same.
  for (const Json& result : answer.json["results"].items()) {
    const char* documents[] = {"abc", "zz zz", "dab"};
    const Answer alone = server.Post(
        "/v1/rerank",
        Json::Object({{"query", "cab"}, {"documents", Json::Array({documents[*result["index"].AsInt64()]})}}));
    EXPECT_EQ(alone.json["results"][0]["relevance_score"], result["relevance_score"]);
    EXPECT_GT(result["relevance_score"].AsDouble(), 0);
    EXPECT_LT(result["relevance_score"].AsDouble(), 1);
  }
  // The order of query and document counts, unlike with similarity.
  const Answer swapped = server.PostText("/v1/rerank", R"({"query": "abc", "documents": ["cab"]})");
  const Answer straight = server.PostText("/v1/rerank", R"({"query": "cab", "documents": ["abc"]})");
  EXPECT_NE(swapped.json["results"][0]["relevance_score"], straight.json["results"][0]["relevance_score"]);
  // It makes no vectors and no text.
  EXPECT_EQ(server.PostText("/v1/embeddings", R"({"input": "x", "model": "tiny-cross"})").code(), "wrong_model_kind");
  EXPECT_EQ(server.PostText("/v1/completions", R"({"prompt": "x", "model": "tiny-cross"})").code(), "wrong_model_kind");
  // Long documents are cut, or refused where asked.
  const std::string words(200, 'a');
  EXPECT_EQ(
      server.Post("/v1/rerank", Json::Object({{"query", "b"}, {"documents", Json::Array({"a b " + words})}})).status,
      200);
  std::string long_document;
  for (int i = 0; i < 100; ++i) long_document += "a ";
  EXPECT_EQ(server
                .Post("/v1/rerank",
                      Json::Object({{"query", "b"}, {"documents", Json::Array({long_document})}, {"truncate", false}}))
                .status,
            400);
}

}  // namespace
}  // namespace atelier
