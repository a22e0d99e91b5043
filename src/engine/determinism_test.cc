// The same request with the same seed gives the same logits, bit for bit, and the same tokens, alone or in a crowd,
// whatever slicing, prefix hits and preemption: here over the toy, in plan_runner_test.cc over a real model.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/random.h"
#include "engine/engine.h"
#include "engine/toy_model.h"

namespace atelier {
namespace {

// Requests of every kind; many share a beginning.
GenerateRequest AnyRequest(Random& random) {
  GenerateRequest request;
  const size_t shared = random.Below(3) * 24;
  for (size_t i = 0; i < shared; ++i) request.prompt.push_back(static_cast<int32_t>(i * i % 53));
  for (uint64_t i = random.Below(120) + 1; i-- > 0;) request.prompt.push_back(static_cast<int32_t>(random.Below(53)));
  request.max_tokens = 1 + static_cast<int64_t>(random.Below(60));
  request.n = random.Below(4) == 0 ? 3 : 1;
  request.best_of = random.Below(10) == 0 ? 4 : 0;
  request.sampling.seed = random.Next64();
  request.sampling.temperature = random.Below(4) == 0 ? 0 : 0.9F;
  request.sampling.top_k = random.Below(3) == 0 ? 20 : 0;
  request.sampling.top_p = random.Below(3) == 0 ? 0.8F : 1;
  request.sampling.mirostat = random.Below(8) == 0 ? 2 : 0;
  request.sampling.frequency_penalty = random.Below(3) == 0 ? 0.5F : 0;
  request.sampling.repetition_penalty = random.Below(4) == 0 ? 1.2F : 1;
  request.sampling.dry_multiplier = random.Below(4) == 0 ? 1.0F : 0;
  request.sampling.xtc_probability = random.Below(5) == 0 ? 0.5F : 0;
  request.stop_token_ids = {static_cast<int32_t>(random.Below(53))};
  request.min_tokens = std::min<int64_t>(*request.max_tokens, static_cast<int64_t>(random.Below(10)));
  if (random.Below(4) == 0) request.logprobs = 3;
  if (random.Below(8) == 0) request.prompt_logprobs = 1;
  if (request.prompt_logprobs && random.Below(2) == 0) {
    request.prompt_logprobs_from = 1 + static_cast<int64_t>(random.Below(request.prompt.size()));
  }
  request.options.priority = static_cast<int32_t>(random.Below(3)) - 1;
  return request;
}

struct World {
  World(EngineOptions options, int64_t num_blocks, int32_t max_outputs = 64) : runner(512, max_outputs) {
    options.cache_bytes = num_blocks * runner.shape().block_bytes;
    engine = std::move(Engine::Create({.runner = &runner, .clock = &clock}, options)).value();
  }
  std::shared_ptr<RecordingSink> Submit(const GenerateRequest& request, Handle* handle = nullptr) {
    auto sink = std::make_shared<RecordingSink>();
    auto submitted = engine->Submit(request, sink);
    CHECK_MSG(submitted.ok(), submitted.error().Message());
    if (handle != nullptr) *handle = *submitted;
    return sink;
  }
  ManualClock clock;
  ToyRunner runner;
  std::unique_ptr<Engine> engine;
};

void ExpectSame(const RecordingSink& crowd, const RecordingSink& solo) {
  ASSERT_EQ(crowd.choices.size(), solo.choices.size());
  for (const auto& [index, expected] : solo.choices) {
    const RecordingSink::Choice& got = crowd.choices.at(index);
    EXPECT_EQ(got.tokens, expected.tokens);
    EXPECT_EQ(got.logit_hashes, expected.logit_hashes);
    EXPECT_EQ(got.reason, expected.reason);
    ASSERT_EQ(got.logprobs.size(), expected.logprobs.size());
    for (size_t i = 0; i < got.logprobs.size(); ++i) {
      EXPECT_EQ(got.logprobs[i].chosen.logprob, expected.logprobs[i].chosen.logprob);
    }
  }
  ASSERT_EQ(crowd.prompt_logprobs.size(), solo.prompt_logprobs.size());
  for (size_t i = 0; i < solo.prompt_logprobs.size(); ++i) {
    EXPECT_EQ(crowd.prompt_logprobs[i].chosen.logprob, solo.prompt_logprobs[i].chosen.logprob);
  }
}

TEST(Determinism, TheSameBitsAloneAndAmongThirtyTwoOthersWhateverHappensToThem) {
  int64_t num_preemptions = 0;
  int64_t num_hits = 0;
  int64_t num_evictions = 0;
  std::map<int64_t, int64_t> slices;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    EngineOptions options;
    options.max_step_tokens = 8 + static_cast<int32_t>(random.Below(60));
    options.max_prefill_beside_decode = 1 + static_cast<int32_t>(random.Below(30));
    options.max_running = 4 + static_cast<int32_t>(random.Below(28));
    World crowd(options, 26 + static_cast<int64_t>(random.Below(60)), 5 + static_cast<int32_t>(random.Below(30)));
    std::vector<GenerateRequest> requests;
    std::vector<std::shared_ptr<RecordingSink>> sinks;
    while (requests.size() < 33) {
      for (uint64_t i = random.Below(5); i-- > 0 && requests.size() < 33;) {
        requests.push_back(AnyRequest(random));
        sinks.push_back(crowd.Submit(requests.back()));
      }
      crowd.engine->Step();
      crowd.engine->CheckInvariants();
    }
    while (crowd.engine->Step()) crowd.engine->CheckInvariants();
    for (size_t i = 0; i < requests.size(); ++i) {
      SCOPED_TRACE(testing::Message() << "request " << i);
      World alone({.max_step_tokens = 512, .prefix_cache = false}, 400);
      const auto solo = alone.Submit(requests[i]);
      while (alone.engine->Step()) {
      }
      ASSERT_TRUE(sinks[i]->finished && solo->finished);
      ExpectSame(*sinks[i], *solo);
    }
    num_preemptions += crowd.engine->stats().num_preemptions;
    num_hits += crowd.engine->stats().prefix_hit_tokens;
    num_evictions += crowd.engine->stats().num_evictions;
    slices.insert(crowd.runner.slices().begin(), crowd.runner.slices().end());
    EXPECT_EQ(crowd.engine->stats().num_blocks_held, 0);
  }
  EXPECT_GT(num_preemptions, 20);
  EXPECT_GT(num_hits, 500);
  EXPECT_GT(num_evictions, 100);
  EXPECT_GT(slices.size(), 20U) << "slices of many sizes";
}

TEST(Simulation, RandomSubmitsCancelsDeadlinesAndFaultsKeepEveryInvariantAndLeakNothing) {
  for (uint64_t seed = 100; seed < 110; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    EngineOptions options;
    options.max_step_tokens = 10 + static_cast<int32_t>(random.Below(80));
    options.max_running = 2 + static_cast<int32_t>(random.Below(20));
    options.max_waiting = 30;
    World world(options, 26 + static_cast<int64_t>(random.Below(40)));
    std::vector<std::shared_ptr<RecordingSink>> sinks;
    std::vector<Handle> handles;
    int num_refused = 0;
    for (int step = 0; step < 600; ++step) {
      while (random.Below(3) == 0) {
        GenerateRequest request = AnyRequest(random);
        if (random.Below(4) == 0) {
          request.options.deadline = world.clock.Now() + std::chrono::milliseconds(random.Below(50));
        }
        auto sink = std::make_shared<RecordingSink>();
        auto submitted = world.engine->Submit(std::move(request), sink);
        if (!submitted) {
          ASSERT_EQ(submitted.error().kind, ErrorKind::kExhausted);
          ++num_refused;
          break;
        }
        sinks.push_back(sink);
        handles.push_back(*submitted);
      }
      if (!handles.empty() && random.Below(6) == 0) handles[random.Below(handles.size())].Cancel();
      if (random.Below(150) == 0) world.runner.FailNext();
      world.clock.Advance(std::chrono::milliseconds(random.Below(5)));
      world.engine->Step();
      world.engine->CheckInvariants();
    }
    while (world.engine->Step()) world.engine->CheckInvariants();
    std::map<FinishReason, int> reasons;
    for (const auto& sink : sinks) {
      ASSERT_TRUE(sink->finished);
      ++reasons[sink->reason];
    }
    EXPECT_EQ(world.engine->stats().num_blocks_held, 0);
    EXPECT_FALSE(world.engine->HasWork());
    EXPECT_EQ(world.engine->stats().num_waiting, 0);
    EXPECT_GT(reasons[FinishReason::kStop], 0);
    EXPECT_GT(reasons[FinishReason::kCancelled], 0);
    EXPECT_GT(reasons[FinishReason::kError], 0);
    (void)num_refused;
  }
}

}  // namespace
}  // namespace atelier
