// Prompt logprobs from a place on: what decisions are scored with.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/random.h"
#include "engine/engine.h"
#include "engine/toy_model.h"

namespace atelier {
namespace {

struct Toy {
  explicit Toy(int32_t num_blocks = 100, EngineOptions options = {}) : runner(512, 64) {
    options.cache_bytes = num_blocks * runner.shape().block_bytes;
    engine = std::move(Engine::Create({.runner = &runner, .clock = &clock}, options)).value();
  }
  std::shared_ptr<RecordingSink> Submit(GenerateRequest request) {
    auto sink = std::make_shared<RecordingSink>();
    const auto submitted = engine->Submit(std::move(request), sink);
    CHECK_MSG(submitted.ok(), submitted.error().Message());
    return sink;
  }
  std::shared_ptr<RecordingSink> Finish(GenerateRequest request) {
    auto sink = Submit(std::move(request));
    while (engine->Step()) engine->CheckInvariants();
    return sink;
  }
  ManualClock clock;
  ToyRunner runner;
  std::unique_ptr<Engine> engine;
};

GenerateRequest Scored(size_t size, int64_t from) {
  Random random(1, 7);
  GenerateRequest request;
  for (size_t i = 0; i < size; ++i) request.prompt.push_back(static_cast<int32_t>(random.Below(53)));
  request.max_tokens = 0;
  request.prompt_logprobs = 2;
  request.prompt_logprobs_from = from;
  return request;
}

void ExpectTail(const std::vector<LogprobEntry>& all, const RecordingSink& sink, int64_t from) {
  const auto skipped = static_cast<size_t>(from - 1);
  ASSERT_EQ(sink.prompt_logprobs.size(), all.size() - skipped);
  for (size_t i = 0; i < sink.prompt_logprobs.size(); ++i) {
    EXPECT_EQ(sink.prompt_logprobs[i].chosen.token, all[skipped + i].chosen.token);
    EXPECT_EQ(sink.prompt_logprobs[i].chosen.logprob, all[skipped + i].chosen.logprob);
    EXPECT_EQ(sink.prompt_logprobs[i].rank, all[skipped + i].rank);
    EXPECT_EQ(sink.prompt_logprobs[i].top[1].logprob, all[skipped + i].top[1].logprob);
  }
}

TEST(PromptLogprobs, FromAPlaceOnAreThoseOfTheWholeAndReadThePrefixCacheBeforeIt) {
  constexpr int64_t kSize = 150;
  const std::vector<LogprobEntry> all = Toy().Finish(Scored(kSize, 1))->prompt_logprobs;
  ASSERT_EQ(all.size(), static_cast<size_t>(kSize - 1));
  Toy toy;
  EXPECT_EQ(toy.Finish(Scored(kSize, 1))->usage.cached_tokens, 0);  // leaves the prefix in the cache
  for (const int64_t from : {int64_t{1}, int64_t{2}, int64_t{16}, int64_t{17}, int64_t{100}, kSize - 1, kSize}) {
    const auto sink = toy.Finish(Scored(kSize, from));
    ExpectTail(all, *sink, from);
    // Whole blocks before the row that tells of prompt[from].
    EXPECT_EQ(sink->usage.cached_tokens, (from - 1) / kBlockPositions * kBlockPositions) << from;
  }
}

TEST(PromptLogprobs, SurviveSlicesAndPreemption) {
  const std::vector<LogprobEntry> all = Toy().Finish(Scored(100, 1))->prompt_logprobs;
  Toy toy(14, {.max_step_tokens = 11});  // too few blocks for all at once
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  GenerateRequest rival = Scored(40, 40);
  rival.max_tokens = 90;
  toy.Submit(rival);
  for (const int64_t from : {30, 60, 90}) sinks.push_back(toy.Submit(Scored(100, from)));
  while (toy.engine->Step()) toy.engine->CheckInvariants();
  int64_t from = 30;
  for (const auto& sink : sinks) ExpectTail(all, *sink, from), from += 30;
}

TEST(PromptLogprobs, APlaceOutsideThePromptIsAnErrorByName) {
  Toy toy;
  for (const int64_t from : {0, 21}) {
    const auto submitted = toy.engine->Submit(Scored(20, from), std::make_shared<RecordingSink>());
    ASSERT_FALSE(submitted.ok());
    EXPECT_EQ(submitted.error().Message(), "prompt_logprobs_from: got " + std::to_string(from) + ", want 1 to 20");
  }
}

}  // namespace
}  // namespace atelier
