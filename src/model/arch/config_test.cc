// What files say wrongly: each fault is named, and nothing that a file holds crashes the loader.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/io/files.h"
#include "base/random.h"
#include "base/text/json.h"
#include "base/tree_testing.h"
#include "graph/plain.h"
#include "model/arch/config_reader.h"
#include "model/arch/decoder_config.h"
#include "model/arch/model.h"
#include "model/arch/rope_config.h"

namespace atelier {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kGolden = SourcePath("/tests/golden/model_arch/");

std::string ReadAll(const std::string& path) { return ReadWholeFile(Files::Real(), path, 1 << 20).value(); }

// A folder of its own for each test, gone afterwards.
class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / ("atelier_" + std::string(test->name()) + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~ConfigTest() override { fs::remove_all(folder_); }

  // The golden checkpoint `name` with changed members of config.json; a null takes the member away.
  std::string Changed(const std::string& name, const std::vector<std::pair<std::string, Json>>& members) {
    const fs::path folder = folder_ / "model";
    fs::remove_all(folder);
    fs::copy(kGolden + name, folder, fs::copy_options::recursive);
    Json config = Json::Parse(ReadAll(kGolden + name + "/config.json")).value();
    for (const auto& [key, value] : members) {
      if (value.is_null()) config.Erase(key);
      if (!value.is_null()) config.Set(key, value);
    }
    CHECK(WriteAtomically(Files::Real(), (folder / "config.json").string(), config.Dump()).ok());
    return folder.string();
  }
  // The golden GGUF file `name` with the 32-bit value of a key replaced.
  std::string ChangedGguf(const std::string& name, const std::string& key, uint32_t value) {
    std::string bytes = ReadAll(kGolden + name);
    const size_t place = bytes.find(key);
    CHECK(place != std::string::npos);
    std::memcpy(bytes.data() + place + key.size() + 4, &value, 4);  // after the type
    return Write("changed.gguf", bytes);
  }
  std::string Write(const std::string& name, const std::string& bytes) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  static std::string FaultOf(const std::string& path) {
    const auto model = LoadModel(path);
    return model.ok() ? "" : model.error().Message();
  }

  fs::path folder_;
};

TEST_F(ConfigTest, NamesTheFieldOfAGgufFile) {
  const std::string path = ChangedGguf("llama_linear.gguf", "llama.attention.head_count", 0);
  EXPECT_THAT(FaultOf(path), HasSubstr("changed.gguf: llama.attention.head_count: got 0, want 1 to 4096"));
}

TEST_F(ConfigTest, NamesEveryFieldAtOnce) {
  const std::string fault = FaultOf(Changed("llama_linear", {{"num_attention_heads", 0},
                                                             {"hidden_size", "wide"},
                                                             {"rms_norm_eps", -1},
                                                             {"intermediate_size", nullptr},
                                                             {"hidden_act", "softplus"}}));
  EXPECT_THAT(fault, HasSubstr("config.json: "));
  EXPECT_THAT(fault, HasSubstr("num_attention_heads: got 0, want 1 to 4096"));
  EXPECT_THAT(fault, HasSubstr("hidden_size: got a string, want a whole number"));
  EXPECT_THAT(fault, HasSubstr("rms_norm_eps: got -1.000000, want a number above 0"));
  EXPECT_THAT(fault, HasSubstr("intermediate_size: got nothing, want a whole number"));
  EXPECT_THAT(fault, HasSubstr("hidden_act: got 'softplus', want silu"));
}

TEST_F(ConfigTest, NamesEveryTensorThatDoesNotFit) {
  EXPECT_THAT(FaultOf(Changed("llama_linear", {{"num_hidden_layers", 3}})),
              testing::AllOf(HasSubstr("blk.2.attn_q.weight: got none, want [72, 48]"),
                             HasSubstr("blk.2.ffn_down.weight: got none, want [48, 56]")));
  EXPECT_THAT(FaultOf(Changed("llama_linear", {{"num_hidden_layers", 1}})),
              HasSubstr("blk.1.attn_k.weight: got [24, 48], want no such tensor in this architecture"));
  EXPECT_THAT(FaultOf(Changed("llama_linear", {{"head_dim", 8}})),
              HasSubstr("blk.0.attn_q.weight: got [72, 48], want [48, 48]"));
  EXPECT_THAT(FaultOf(Changed("llama_linear", {{"vocab_size", 95}})),
              HasSubstr("token_embd.weight: got [96, 48], want [95, 48]"));
}

TEST_F(ConfigTest, RefusesWhatItWouldComputeOtherwise) {
  EXPECT_THAT(FaultOf(Changed("llama_linear", {{"model_type", "mamba"}})),
              HasSubstr("model_type: got 'mamba', want one of bert, llama, mistral, qwen2, qwen3"));
  EXPECT_THAT(FaultOf(Changed("llama_linear", {{"quantization_config", Json::Object({{"bits", 4}})}})),
              HasSubstr("quantization_config: got an object, want none of it here"));
  EXPECT_THAT(
      FaultOf(Changed("llama_linear", {{"rope_parameters", Json::Object({{"rope_type", "dynamic"}, {"factor", 2}})}})),
      HasSubstr("got 'dynamic', want none, linear, llama3 or yarn"));
  EXPECT_THAT(FaultOf(Changed("llama_linear", {{"num_key_value_heads", 4}})),
              HasSubstr("num_key_value_heads: got 4, want a divisor of 6 heads"));
  EXPECT_THAT(FaultOf(Changed("bert_cls", {{"position_embedding_type", "relative_key"}})),
              HasSubstr("position_embedding_type: got 'relative_key', want absolute"));
  EXPECT_THAT(FaultOf(Changed("qwen3", {{"model_type", "llama"}})),
              HasSubstr("blk.0.attn_k_norm.weight: got [12], want no such tensor in this architecture"));
}

TEST_F(ConfigTest, OlderAndNewerFormsOfRopeScalingMeanTheSame) {
  const Json older = Json::Parse(R"({"rope_theta": 5000.0, "rope_scaling": {"type": "yarn", "factor": 4.0,
      "original_max_position_embeddings": 32}})")
                         .value();
  const Json newer = Json::Parse(R"({"rope_parameters": {"rope_theta": 5000, "rope_type": "yarn", "factor": 4,
      "original_max_position_embeddings": 32}})")
                         .value();
  const WeightStore none;
  ConfigReader older_reader(older, "older"), newer_reader(newer, "newer");
  const RopeConfig a = ReadRope(older_reader, Weights(none), 16, 32);
  const RopeConfig b = ReadRope(newer_reader, Weights(none), 16, 32);
  ASSERT_TRUE(older_reader.Check().ok() && newer_reader.Check().ok());
  EXPECT_EQ(a.frequencies.inv_freq, b.frequencies.inv_freq);
  EXPECT_EQ(a.frequencies.magnitude, b.frequencies.magnitude);
  EXPECT_EQ(a.scaled_context, 128);
}

TEST_F(ConfigTest, AScaledContextIsBounded) {
  const Json far = Json::Parse(R"({"rope_parameters": {"rope_theta": 5000, "rope_type": "yarn", "factor": 1e29,
      "original_max_position_embeddings": 32}})")
                       .value();
  const WeightStore none;
  ConfigReader reader(far, "far");
  EXPECT_EQ(ReadRope(reader, Weights(none), 16, 32).scaled_context, int64_t{1} << 30);
}

TEST_F(ConfigTest, SlidingWindowEndsTheContext) {
  const auto model = LoadModel(Changed("mistral", {{"sliding_window", 50}}));
  ASSERT_TRUE(model.ok()) << model.error().Message();
  EXPECT_EQ((*model)->summary.context_length, 50);
}

TEST_F(ConfigTest, FindsWhatLiesBesideTheWeights) {
  const std::string path = Changed("llama_linear", {});
  ASSERT_TRUE(WriteAtomically(Files::Real(), path + "/generation_config.json", R"({"eos_token_id": [2, 7]})").ok());
  ASSERT_TRUE(WriteAtomically(Files::Real(), path + "/tokenizer.json", "{}").ok());
  ASSERT_TRUE(WriteAtomically(
                  Files::Real(), path + "/tokenizer_config.json",
                  R"({"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]})")
                  .ok());
  const auto model = LoadModel(path);
  ASSERT_TRUE(model.ok()) << model.error().Message();
  EXPECT_THAT((*model)->end_tokens, testing::ElementsAre(2, 7));
  EXPECT_EQ((*model)->tokenizer.json_path, path + "/tokenizer.json");
  EXPECT_EQ((*model)->tokenizer.config_path, path + "/tokenizer_config.json");
  EXPECT_EQ((*model)->chat_template, "d");
}

TEST_F(ConfigTest, MissingFilesAreNotFound) {
  EXPECT_EQ(LoadModel(folder_.string() + "/nothing.gguf").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(LoadModel(folder_.string()).error().kind, ErrorKind::kNotFound);
}

// Any byte of the header may be anything: the file is then an error or a model, and a model runs.
TEST_F(ConfigTest, DamagedFilesAreErrorsOrModelsThatRun) {
  const uint64_t seed = 20240611;
  RecordProperty("seed", std::to_string(seed));
  Random random(seed);
  for (const char* name : {"llama_yarn.gguf", "bert_cross.gguf"}) {
    const std::string good = ReadAll(kGolden + name);
    for (int round = 0; round < 400; ++round) {
      std::string bytes = good;
      for (uint64_t flips = 1 + random.Below(3); flips > 0; --flips) {
        bytes[random.Below(2048)] = static_cast<char>(random.Below(256));
      }
      const auto model = LoadModel(Write("damaged.gguf", bytes));
      if (!model.ok()) continue;
      const WeightStore& weights = (*model)->weights;
      const auto plain = Plain::Create((*model)->graph, [&](const WeightRef& ref) { return weights.ReadF32(ref); });
      if (!plain.ok()) continue;
      const std::vector<int32_t> token = {1, 2, 3}, position = {0, 1, 2}, sequence = {0, 0, 0}, output = {2};
      PlainCache cache;
      PlainCache* caches[] = {&cache};
      (void)(*plain)->Run({token, position, sequence, {}, {}, output, 1}, caches);
    }
  }
}

TEST(Rename, TurnsCheckpointNamesIntoOurs) {
  const Json untied = Json::Parse("{}").value();
  const Json tied = Json::Parse(R"({"tie_word_embeddings": true})").value();
  const ConfigReader reader(untied, "config.json"), tied_reader(tied, "config.json");
  EXPECT_EQ(RenameDecoder("model.layers.31.self_attn.q_proj.weight", reader), "blk.31.attn_q.weight");
  EXPECT_EQ(RenameDecoder("layers.0.mlp.down_proj.bias", reader), "blk.0.ffn_down.bias");
  EXPECT_EQ(RenameDecoder("model.layers.0.self_attn.rotary_emb.inv_freq", reader), "");
  EXPECT_EQ(RenameDecoder("model.layers.x.mlp.down_proj.weight", reader), "model.layers.x.mlp.down_proj.weight");
  EXPECT_EQ(RenameDecoder("lm_head.weight", reader), "output.weight");
  EXPECT_EQ(RenameDecoder("lm_head.weight", tied_reader), "");
}

}  // namespace
}  // namespace atelier
