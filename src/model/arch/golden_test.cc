// Compares every architecture with what PyPI transformers computes (tools/golden_arch.py): tiny random checkpoints
// whose every tensor matters, and the real models where they have been pulled.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/io/files.h"
#include "base/text/json.h"
#include "base/tree_testing.h"
#include "graph/plain.h"
#include "model/arch/model.h"

namespace atelier {
namespace {

std::string GoldenPath(const std::string& name) { return SourcePath("/tests/golden/model_arch/") + name; }

Json ReadGolden(const std::string& name) {
  const auto text = ReadWholeFile(Files::Real(), GoldenPath(name + ".golden.json"), 16 << 20);
  CHECK_MSG(text.ok(), text.error().Message());
  return Json::Parse(*text).value();
}

std::vector<int32_t> Ints(const Json& array) {
  std::vector<int32_t> ints;
  for (const Json& item : array.items()) ints.push_back(static_cast<int32_t>(*item.AsInt64()));
  return ints;
}

std::vector<float> Floats(const Json& array) {
  std::vector<float> floats;
  for (const Json& item : array.items()) floats.push_back(static_cast<float>(item.AsDouble()));
  return floats;
}

// A model ready to run.
struct Runner {
  std::unique_ptr<Model> model;
  std::unique_ptr<Plain> plain;

  static Runner Load(const std::string& path, const ModelLoadOptions& options = {}) {
    Runner runner;
    auto model = LoadModel(path, options);
    CHECK_MSG(model.ok(), model.error().Message());
    runner.model = std::move(*model);
    const WeightStore& weights = runner.model->weights;
    auto plain = Plain::Create(runner.model->graph, [&](const WeightRef& ref) { return weights.ReadF32(ref); });
    CHECK_MSG(plain.ok(), plain.error().Message());
    runner.plain = std::move(*plain);
    return runner;
  }

  PlainResult Run(const std::vector<int32_t>& tokens, PlainCache& cache, const std::vector<int32_t>& output,
                  const std::vector<int32_t>& types = {}) const {
    std::vector<int32_t> position(tokens.size());
    for (size_t i = 0; i < tokens.size(); ++i)
      position[i] = static_cast<int32_t>(cache.size()) + static_cast<int32_t>(i);
    const std::vector<int32_t> sequence(tokens.size(), 0);
    PlainCache* caches[] = {&cache};
    auto result = plain->Run({tokens, position, sequence, {}, types, output, 1}, caches);
    CHECK_MSG(result.ok(), result.error().Message());
    return std::move(*result);
  }
};

float LargestError(const float* got, const std::vector<float>& want) {
  float largest = 0;
  for (size_t i = 0; i < want.size(); ++i) largest = std::max(largest, std::fabs(got[i] - want[i]));
  return largest;
}

// Appends `count` greedy tokens; returns the logits that chose the last.
std::vector<float> Greedy(const Runner& runner, const std::vector<int32_t>& prompt, size_t count,
                          std::vector<int32_t>* tokens) {
  PlainCache cache;
  std::vector<float> logits;
  std::vector<int32_t> input = prompt;
  while (tokens->size() < count) {
    const PlainResult result = runner.Run(input, cache, {static_cast<int32_t>(input.size()) - 1});
    logits = result.values;
    tokens->push_back(static_cast<int32_t>(std::ranges::max_element(logits) - logits.begin()));
    input = {tokens->back()};
  }
  return logits;
}

class DecoderGolden : public testing::TestWithParam<const char*> {};

TEST_P(DecoderGolden, LogitsAndGreedyTokensAreThoseOfTransformers) {
  const std::string name = GetParam();
  const Json golden = ReadGolden(name.substr(0, name.find('.')));
  const Runner runner = Runner::Load(GoldenPath(name));
  EXPECT_EQ(runner.model->summary.task, ModelTask::kGenerate);
  PlainCache cache;
  const std::vector<int32_t> rows = Ints(golden["rows"]);
  const PlainResult result = runner.Run(Ints(golden["tokens"]), cache, rows);
  const double std = golden["std"].AsDouble();
  ASSERT_GE(std, 1.0);
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_LE(LargestError(result.Row(static_cast<int64_t>(i)), Floats(golden["logits"][static_cast<int64_t>(i)])),
              1e-4 * std)
        << "position " << rows[i];
  }
  const std::vector<int32_t> want = Ints(golden["greedy"]);
  std::vector<int32_t> got;
  Greedy(runner, Ints(golden["prompt"]), want.size(), &got);
  EXPECT_EQ(got, want);
}

TEST_P(DecoderGolden, SlicesGiveTheBitsOfTheWholeRun) {
  const std::string name = GetParam();
  const Json golden = ReadGolden(name.substr(0, name.find('.')));
  const Runner runner = Runner::Load(GoldenPath(name));
  const std::vector<int32_t> tokens = Ints(golden["tokens"]);
  const int32_t last = static_cast<int32_t>(tokens.size()) - 1;
  PlainCache whole;
  const PlainResult want = runner.Run(tokens, whole, {last});
  PlainCache sliced;
  PlainResult got;
  size_t begin = 0;
  for (const size_t end : {size_t{1}, size_t{4}, size_t{37}, tokens.size() - 1, tokens.size()}) {
    const std::vector<int32_t> slice(tokens.begin() + static_cast<ptrdiff_t>(begin),
                                     tokens.begin() + static_cast<ptrdiff_t>(end));
    got = runner.Run(slice, sliced, {static_cast<int32_t>(slice.size()) - 1});
    begin = end;
  }
  EXPECT_EQ(got.values, want.values);
}

INSTANTIATE_TEST_SUITE_P(All, DecoderGolden,
                         testing::Values("llama_bias", "llama_llama3", "llama_llama3.gguf", "llama_linear",
                                         "llama_linear.gguf", "llama_yarn", "llama_yarn.gguf", "mistral", "qwen2",
                                         "qwen2.gguf", "qwen3", "qwen3.gguf"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

// Sequences of a golden, each alone and then all in one batch: the results are the same bits, and those of
// transformers.
void ExpectVectors(const Runner& runner, const Json& golden, double tolerance) {
  std::vector<int32_t> token, position, sequence, types;
  std::vector<PlainCache> caches(static_cast<size_t>(golden["sequences"].size()));
  std::vector<PlainCache*> cache_pointers;
  std::vector<float> alone;
  for (int64_t s = 0; s < golden["sequences"].size(); ++s) {
    const std::vector<int32_t> tokens = Ints(golden["sequences"][s]);
    const std::vector<int32_t> kinds =
        golden.Has("token_types") ? Ints(golden["token_types"][s]) : std::vector<int32_t>();
    PlainCache cache;
    const PlainResult result = runner.Run(tokens, cache, {}, kinds);
    const std::vector<float> want = Floats(golden["vectors"][s]);
    ASSERT_EQ(result.cols, static_cast<int64_t>(want.size()));
    EXPECT_LE(LargestError(result.Row(0), want), tolerance) << "sequence " << s;
    alone.insert(alone.end(), result.values.begin(), result.values.end());
    for (size_t i = 0; i < tokens.size(); ++i) {
      position.push_back(static_cast<int32_t>(i));
      sequence.push_back(static_cast<int32_t>(s));
    }
    token.insert(token.end(), tokens.begin(), tokens.end());
    types.insert(types.end(), kinds.begin(), kinds.end());
    cache_pointers.push_back(&caches[static_cast<size_t>(s)]);
  }
  const auto together = runner.plain->Run(
      {token, position, sequence, {}, types, {}, static_cast<int32_t>(caches.size())}, cache_pointers);
  ASSERT_TRUE(together.ok()) << together.error().Message();
  EXPECT_EQ(together->values, alone);
}

class EncoderGolden : public testing::TestWithParam<const char*> {};

TEST_P(EncoderGolden, VectorsAreThoseOfTransformersAloneAndInABatch) {
  const std::string name = GetParam();
  const Json golden = ReadGolden(name.substr(0, name.find('.')));
  const Runner runner = Runner::Load(GoldenPath(name));
  ExpectVectors(runner, golden, 1e-4 * golden["std"].AsDouble());
}

INSTANTIATE_TEST_SUITE_P(All, EncoderGolden,
                         testing::Values("bert_mean", "bert_mean.gguf", "bert_cls", "bert_cross", "bert_cross.gguf",
                                         "qwen3_embed"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(Model, SaysWhatItsFilesSay) {
  const Runner cross = Runner::Load(GoldenPath("bert_cross"));
  EXPECT_EQ(cross.model->summary.task, ModelTask::kScore);
  EXPECT_EQ(cross.model->summary.num_labels, 3);
  EXPECT_THAT(cross.model->summary.labels, testing::ElementsAre("LABEL_0", "LABEL_1", "LABEL_2"));
  EXPECT_TRUE(cross.model->summary.needs_whole_sequence);
  EXPECT_TRUE(cross.model->graph.slots.empty());
  const Runner cls = Runner::Load(GoldenPath("bert_cls"));
  EXPECT_EQ(cls.model->summary.task, ModelTask::kEmbed);
  EXPECT_EQ(cls.model->summary.pooling.kind, PoolKind::kCls);
  EXPECT_FALSE(cls.model->summary.pooling.normalise);
  const Runner last = Runner::Load(GoldenPath("qwen3_embed"));
  EXPECT_EQ(last.model->summary.pooling.kind, PoolKind::kLast);
  const Runner llama = Runner::Load(GoldenPath("llama_yarn.gguf"));
  EXPECT_EQ(llama.model->summary.context_length, 128);
  EXPECT_EQ(llama.model->summary.head_dim, 12);
  EXPECT_EQ(llama.model->graph.slots.size(), 2U);
}

TEST(Model, DecoderCanBeLoadedAsAnEmbedder) {
  const Runner runner =
      Runner::Load(GoldenPath("llama_linear.gguf"), {ModelTask::kEmbed, PoolSpec{PoolKind::kMean, true}});
  PlainCache cache;
  const PlainResult result = runner.Run({5, 6, 7}, cache, {});
  EXPECT_EQ(result.rows, 1);
  EXPECT_EQ(result.cols, 48);
}

// The folder of a pulled model, or empty.
std::string PulledModel(const std::string& name) {
  const char* home = std::getenv("ATELIER_HOME");
  const char* user = std::getenv("HOME");
  const std::string root = home != nullptr ? home : std::string(user != nullptr ? user : "") + "/.atelier";
  const std::string path = root + "/models/" + name;
  return FileExists(Files::Real(), path) ? path : "";
}

TEST(RealModel, SmolLm2HasTheLogitsOfTransformers) {
  const std::string path = PulledModel("smollm2-135m-instruct");
  if (path.empty()) GTEST_SKIP() << "smollm2-135m-instruct has not been pulled";
  const Json golden = ReadGolden("smollm2");
  const Runner runner = Runner::Load(path);
  const std::vector<int32_t> rows = Ints(golden["rows"]);
  const std::vector<int32_t> ids = Ints(golden["ids"]);
  const std::vector<int32_t> top = Ints(golden["top"]);
  PlainCache cache;
  const PlainResult result = runner.Run(Ints(golden["tokens"]), cache, rows);
  for (size_t i = 0; i < rows.size(); ++i) {
    const float* logits = result.Row(static_cast<int64_t>(i));
    std::vector<float> got;
    for (const int32_t id : ids) got.push_back(logits[id]);
    EXPECT_LE(LargestError(got.data(), Floats(golden["logits"][static_cast<int64_t>(i)])),
              1e-4 * golden["std"].AsDouble())
        << "position " << rows[i];
    EXPECT_EQ(std::max_element(logits, logits + result.cols) - logits, top[i]);
  }
}

void ExpectCosines(const std::string& name, const ModelLoadOptions& options) {
  const std::string path = PulledModel(name);
  if (path.empty()) GTEST_SKIP() << name << " has not been pulled";
  const Json golden = ReadGolden(name);
  const Runner runner = Runner::Load(path, options);
  for (int64_t s = 0; s < golden["sequences"].size(); ++s) {
    PlainCache cache;
    const PlainResult result = runner.Run(Ints(golden["sequences"][s]), cache, {});
    const std::vector<float> want = Floats(golden["vectors"][s]);
    double dot = 0, got_square = 0, want_square = 0;
    for (size_t i = 0; i < want.size(); ++i) {
      dot += static_cast<double>(result.values[i]) * want[i];
      got_square += static_cast<double>(result.values[i]) * result.values[i];
      want_square += static_cast<double>(want[i]) * want[i];
    }
    EXPECT_NEAR(got_square, 1, 1e-5);
    EXPECT_GE(dot / std::sqrt(got_square * want_square), 0.99999) << "sentence " << s;
  }
}

TEST(RealModel, MiniLmHasTheVectorsOfTransformers) { ExpectCosines("all-minilm-l6-v2", {}); }

TEST(RealModel, BgeSmallHasTheVectorsOfOnnxRuntime) {
  ExpectCosines("bge-small-en-v1.5", {std::nullopt, PoolSpec{PoolKind::kCls, true}});
}

}  // namespace
}  // namespace atelier
