// Samplers beside transformers' logits warpers, alone and chained (tools/golden_samplers.py).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <map>

#include "base/text/json.h"
#include "base/tree_testing.h"
#include "engine/sample/sampler.h"

namespace atelier {
namespace {

constexpr int kDraws = 40000;

SamplingParams ParamsOf(const Json& json) {
  SamplingParams params;
  params.seed = 4711;
  const auto take = [&](const char* key, float& value) {
    if (const Json* given = json.Find(key)) value = static_cast<float>(given->AsDouble());
  };
  take("temperature", params.temperature);
  take("top_p", params.top_p);
  take("min_p", params.min_p);
  take("typical_p", params.typical_p);
  take("repetition_penalty", params.repetition_penalty);
  if (const Json* top_k = json.Find("top_k")) params.top_k = static_cast<int32_t>(*top_k->AsInt64());
  return params;
}

TEST(SamplerGolden, DrawsFromWhatTransformersWarpersLeave) {
  std::ifstream file(SourcePath("/tests/golden/engine_sample/warpers.json"), std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto golden = Json::Parse(text);
  ASSERT_TRUE(golden.ok()) << golden.error().Message();
  ASSERT_GE(golden->Find("cases")->size(), 20);
  for (const Json& item : golden->Find("cases")->items()) {
    SCOPED_TRACE(item.Find("params")->Dump());
    std::vector<float> logits;
    for (const Json& logit : item.Find("logits")->items()) logits.push_back(static_cast<float>(logit.AsDouble()));
    std::vector<int32_t> history;
    for (const Json& token : item.Find("history")->items()) history.push_back(static_cast<int32_t>(*token.AsInt64()));
    std::map<int32_t, double> drawn;
    SamplerContext context;
    context.num_tokens = static_cast<int32_t>(logits.size());
    context.prompt_size = static_cast<int64_t>(history.size());
    SamplingParams params = ParamsOf(*item.Find("params"));
    for (int i = 0; i < kDraws; ++i) {  // one position, many seeds: the history stays as it is
      params.seed = static_cast<uint64_t>(i) + 1;
      std::vector<float> scratch = logits;
      drawn[Sampler(params, context).Pick(scratch, history)] += 1.0 / kDraws;
    }
    std::map<int32_t, double> left;
    for (const Json& pair : item.Find("left")->items()) {
      left[static_cast<int32_t>(*pair.items()[0].AsInt64())] = pair.items()[1].AsDouble();
    }
    for (const auto& [token, share] : drawn) EXPECT_TRUE(left.contains(token)) << "drew token " << token;
    for (const auto& [token, p] : left) {
      EXPECT_NEAR(drawn[token], p, 5 * std::sqrt(p * (1 - p) / kDraws) + 2e-4) << "token " << token;
    }
  }
}

}  // namespace
}  // namespace atelier
