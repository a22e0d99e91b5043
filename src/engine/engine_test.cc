#include "engine/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "base/random.h"
#include "engine/grammar/grammar.h"
#include "engine/toy_model.h"

namespace atelier {
namespace {

std::vector<int32_t> Prompt(size_t size, uint64_t seed = 1) {
  Random random(seed, 7);
  std::vector<int32_t> prompt(size);
  for (int32_t& token : prompt) token = static_cast<int32_t>(random.Below(53));
  return prompt;
}

GenerateRequest Request(std::vector<int32_t> prompt, int64_t max_tokens) {
  GenerateRequest request;
  request.prompt = std::move(prompt);
  request.max_tokens = max_tokens;
  request.sampling.seed = 5;
  return request;
}

// An engine over the toy, with room for `num_blocks` blocks.
struct Toy {
  explicit Toy(int32_t num_blocks = 100, EngineOptions options = {}, int32_t max_outputs = 64)
      : runner(512, max_outputs) {
    options.cache_bytes = num_blocks * runner.shape().block_bytes;
    engine = std::move(Engine::Create({.runner = &runner, .clock = &clock}, options)).value();
  }
  std::shared_ptr<RecordingSink> Submit(GenerateRequest request, Handle* handle = nullptr) {
    auto sink = std::make_shared<RecordingSink>();
    auto submitted = engine->Submit(std::move(request), sink);
    CHECK_MSG(submitted.ok(), submitted.error().Message());
    if (handle != nullptr) *handle = *submitted;
    return sink;
  }
  void Finish() {
    while (engine->Step()) engine->CheckInvariants();
    EXPECT_FALSE(engine->HasWork());
    EXPECT_EQ(engine->stats().num_blocks_held, 0);
  }
  ManualClock clock;
  ToyRunner runner;
  std::unique_ptr<Engine> engine;
};

std::vector<int32_t> Solo(GenerateRequest request) {
  Toy toy;
  const auto sink = toy.Submit(std::move(request));
  toy.Finish();
  return sink->choices[0].tokens;
}

TEST(Engine, GeneratesAsManyTokensAsAskedAndSaysWhyItStopped) {
  Toy toy;
  const auto sink = toy.Submit(Request(Prompt(20), 10));
  toy.Finish();
  ASSERT_TRUE(sink->finished);
  EXPECT_EQ(sink->choices[0].tokens.size(), 10U);
  EXPECT_EQ(sink->choices[0].reason, FinishReason::kLength);
  EXPECT_EQ(sink->usage.prompt_tokens, 20);
  EXPECT_EQ(sink->usage.completion_tokens, 10);
}

// Whoever learns that its request ended may ask at once what was counted.
TEST(Engine, CountsARequestBeforeItSaysThatItEnded) {
  struct CountingListener final : EngineListener {
    void OnRequestFinish(const RequestFigures& figures) override { num_tokens += figures.usage.completion_tokens; }
    int64_t num_tokens = 0;
  };
  struct AskingSink final : Sink {
    void OnFinish(const Finished& /*finished*/) override { at_the_end = engine->stats(), num_told = *counted; }
    const Engine* engine = nullptr;
    const int64_t* counted = nullptr;
    EngineStats at_the_end;
    int64_t num_told = 0;
  };
  ManualClock clock;
  ToyRunner runner;
  const auto listener = std::make_shared<CountingListener>();
  const auto engine = std::move(Engine::Create({.runner = &runner, .clock = &clock, .listener = listener}, {})).value();
  const auto sink = std::make_shared<AskingSink>();
  sink->engine = engine.get();
  sink->counted = &listener->num_tokens;
  ASSERT_TRUE(engine->Submit(Request(Prompt(20), 10), sink).ok());
  while (engine->Step()) {
  }
  EXPECT_EQ(sink->num_told, 10);
  EXPECT_EQ(sink->at_the_end.num_running, 0);
  EXPECT_EQ(sink->at_the_end.prompt_tokens, 20);
  EXPECT_EQ(sink->at_the_end.generation_tokens, 10);
}

TEST(Engine, FillsTheContextAndNoFurther) {
  Toy toy(4);  // 64 positions
  const auto sink = toy.Submit(Request(Prompt(20), 1000));
  toy.Finish();
  EXPECT_EQ(sink->choices[0].tokens.size(), 44U);
  EXPECT_EQ(sink->choices[0].reason, FinishReason::kLength);
}

TEST(Engine, APromptThatDoesNotFitIsAnErrorWithBothNumbers) {
  Toy toy(4);
  const auto submitted = toy.engine->Submit(Request(Prompt(64), 1), std::make_shared<RecordingSink>());
  ASSERT_FALSE(submitted.ok());
  EXPECT_EQ(submitted.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(submitted.error().code, "context_length_exceeded");
  EXPECT_EQ(submitted.error().Message(), "prompt: got 64 tokens, want at most 63 (the context holds 64)");
}

TEST(Engine, AStopTokenEndsAChoiceButNotBeforeMinTokens) {
  const std::vector<int32_t> free = Solo(Request(Prompt(20), 20));
  GenerateRequest request = Request(Prompt(20), 20);
  request.stop_token_ids = {free[4]};
  Toy toy;
  const auto stopped = toy.Submit(request);
  request.min_tokens = 10;
  const auto later = toy.Submit(request);
  toy.Finish();
  const auto first = std::ranges::find(free, free[4]) - free.begin();
  EXPECT_EQ(stopped->choices[0].tokens, std::vector<int32_t>(free.begin(), free.begin() + first + 1));
  EXPECT_EQ(stopped->choices[0].stop_token, free[4]);
  EXPECT_GE(later->choices[0].tokens.size(), 10U);
  EXPECT_EQ(std::ranges::count(std::span(later->choices[0].tokens).first(10), free[4]), 0);
}

TEST(Engine, ChoicesDifferAndEachEqualsItselfWhateverN) {
  GenerateRequest request = Request(Prompt(25), 15);
  Toy toy;
  const auto one = toy.Submit(request);
  request.n = 4;
  const auto four = toy.Submit(request);
  toy.Finish();
  EXPECT_EQ(one->choices[0].tokens, four->choices[0].tokens);
  EXPECT_NE(four->choices[0].tokens, four->choices[1].tokens);
  EXPECT_NE(four->choices[2].tokens, four->choices[1].tokens);
  EXPECT_EQ(four->usage.completion_tokens, 60);
}

TEST(Engine, ChoicesShareThePromptsBlocks) {
  Toy toy(100);
  GenerateRequest request = Request(Prompt(160), 10);
  request.n = 8;
  toy.Submit(request);
  for (int i = 0; i < 4; ++i) toy.engine->Step();
  EXPECT_LE(toy.engine->stats().num_blocks_held, 10 + 8);
  toy.Finish();
}

TEST(Engine, BestOfDeliversTheChoicesWithTheBestMeanLogprob) {
  GenerateRequest request = Request(Prompt(25), 15);
  request.n = 6;
  request.logprobs = 0;
  Toy toy;
  const auto all = toy.Submit(request);
  request.n = 2;
  request.best_of = 6;
  const auto best = toy.Submit(request);
  toy.Finish();
  const auto mean = [](const RecordingSink::Choice& choice) {
    double sum = 0;
    for (const LogprobEntry& entry : choice.logprobs) sum += entry.chosen.logprob;
    return sum / static_cast<double>(choice.logprobs.size());
  };
  std::vector<double> means;
  for (const auto& [index, choice] : all->choices) means.push_back(mean(choice));
  std::ranges::sort(means, std::greater{});
  EXPECT_EQ(mean(best->choices[0]), means[0]);
  EXPECT_EQ(mean(best->choices[1]), means[1]);
  EXPECT_EQ(best->usage.completion_tokens, 90);
}

TEST(Engine, PromptLogprobsAreThoseOfEachTokenWhateverTheSlicesAndDoNotReadTheCache) {
  GenerateRequest request = Request(Prompt(150), 3);
  request.prompt_logprobs = 2;
  Toy wide;
  const auto at_once = wide.Submit(request);
  wide.Finish();
  ASSERT_EQ(at_once->prompt_logprobs.size(), 149U);
  for (size_t i = 0; i < 149; ++i) EXPECT_EQ(at_once->prompt_logprobs[i].chosen.token, request.prompt[i + 1]);

  Toy narrow(100, {.max_step_tokens = 13}, 7);
  narrow.Submit(Request(Prompt(150), 40));  // leaves its prefix in the cache and runs beside
  for (int i = 0; i < 20; ++i) narrow.engine->Step();
  const auto sliced = narrow.Submit(request);
  narrow.Finish();
  EXPECT_EQ(sliced->usage.cached_tokens, 0);
  ASSERT_EQ(sliced->prompt_logprobs.size(), 149U);
  for (size_t i = 0; i < 149; ++i) {
    EXPECT_EQ(sliced->prompt_logprobs[i].chosen.logprob, at_once->prompt_logprobs[i].chosen.logprob);
    EXPECT_EQ(sliced->prompt_logprobs[i].top[1].token, at_once->prompt_logprobs[i].top[1].token);
  }
  EXPECT_EQ(sliced->choices[0].logit_hashes, at_once->choices[0].logit_hashes);
}

TEST(Engine, NoTokensAskedGivesPromptLogprobsAlone) {
  GenerateRequest request = Request(Prompt(30), 0);
  request.prompt_logprobs = 0;
  Toy toy;
  const auto sink = toy.Submit(request);
  toy.Finish();
  EXPECT_EQ(sink->prompt_logprobs.size(), 29U);
  EXPECT_TRUE(sink->choices[0].tokens.empty());
  EXPECT_EQ(sink->choices[0].reason, FinishReason::kLength);
}

TEST(Engine, ASecondRequestTakesTheCommonPrefixFromTheCache) {
  Toy toy;
  std::vector<int32_t> prompt = Prompt(100);
  const auto first = toy.Submit(Request(prompt, 5));
  toy.Finish();
  const auto again = toy.Submit(Request(prompt, 5));
  GenerateRequest salted = Request(prompt, 5);
  salted.cache_salt = "another tenant";
  const auto other = toy.Submit(salted);
  toy.Finish();
  EXPECT_EQ(first->usage.cached_tokens, 0);
  EXPECT_EQ(again->usage.cached_tokens, 96);
  EXPECT_EQ(other->usage.cached_tokens, 0);
  EXPECT_EQ(again->choices[0].logit_hashes, first->choices[0].logit_hashes);
  EXPECT_EQ(other->choices[0].tokens, first->choices[0].tokens);
}

TEST(Engine, APromptThatIsCachedWholeStillComputesItsLastToken) {
  Toy toy;
  const auto first = toy.Submit(Request(Prompt(96), 5));
  toy.Finish();
  const auto again = toy.Submit(Request(Prompt(96), 5));
  toy.Finish();
  EXPECT_EQ(again->usage.cached_tokens, 80);
  EXPECT_EQ(again->choices[0].tokens, first->choices[0].tokens);
}

TEST(Scheduler, ALongPromptDoesNotStallRunningStreams) {
  Toy toy(100, {.max_step_tokens = 64, .max_prefill_beside_decode = 16});
  const auto stream = toy.Submit(Request(Prompt(10), 100));
  toy.engine->Step();
  toy.Submit(Request(Prompt(350, 2), 5));
  for (int i = 0; i < 20; ++i) {  // a token each step, however long the other prompt
    const size_t before = stream->choices[0].tokens.size();
    toy.engine->Step();
    EXPECT_EQ(stream->choices[0].tokens.size(), before + 1);
  }
  toy.Finish();
}

TEST(Scheduler, ACancelledRequestFreesItsBlocksWithinOneStep) {
  Toy toy;
  Handle handle;
  const auto gone = toy.Submit(Request(Prompt(100), 100), &handle);
  const auto stays = toy.Submit(Request(Prompt(10, 2), 50));
  for (int i = 0; i < 5; ++i) toy.engine->Step();
  EXPECT_GE(toy.engine->stats().num_blocks_held, 7);
  handle.Cancel();
  toy.engine->Step();
  EXPECT_TRUE(gone->finished);
  EXPECT_EQ(gone->reason, FinishReason::kCancelled);
  EXPECT_EQ(toy.engine->stats().num_blocks_held, 1);
  toy.Finish();
  EXPECT_EQ(stays->choices[0].tokens.size(), 50U);
}

TEST(Scheduler, APassedDeadlineEndsARequestWithinOneStep) {
  Toy toy;
  GenerateRequest request = Request(Prompt(10), 300);
  request.options.deadline = toy.clock.Now() + std::chrono::seconds(1);
  const auto sink = toy.Submit(request);
  for (int i = 0; i < 5; ++i) toy.engine->Step();
  EXPECT_FALSE(sink->finished);
  toy.clock.Advance(std::chrono::seconds(2));
  toy.engine->Step();
  ASSERT_TRUE(sink->finished);
  EXPECT_EQ(sink->error->kind, ErrorKind::kTimeout);
  toy.Finish();
}

TEST(Scheduler, ARequestCancelledAtItsDeadlineIsLate) {
  Toy toy;
  GenerateRequest request = Request(Prompt(10), 300);
  request.options.deadline = toy.clock.Now() + std::chrono::seconds(1);
  Handle handle;
  const auto sink = toy.Submit(request, &handle);
  toy.engine->Step();
  toy.clock.Advance(std::chrono::seconds(2));
  handle.Cancel();
  toy.engine->Step();
  ASSERT_TRUE(sink->error.has_value());
  EXPECT_EQ(sink->error->kind, ErrorKind::kTimeout);
  toy.Finish();
}

TEST(Scheduler, PreemptedRequestsEndWithTheTokensTheyHaveAlone) {
  Toy toy(12, {.prefix_cache = false});
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  for (uint64_t i = 0; i < 4; ++i) sinks.push_back(toy.Submit(Request(Prompt(30, i), 80)));
  toy.Finish();
  EXPECT_GT(toy.engine->stats().num_preemptions, 0);
  for (uint64_t i = 0; i < 4; ++i) EXPECT_EQ(sinks[i]->choices[0].tokens, Solo(Request(Prompt(30, i), 80)));
  EXPECT_EQ(sinks[0]->times.num_preemptions, 0) << "the first served is never preempted";
}

TEST(Scheduler, HigherPriorityIsServedSoonerAndDisplacesLower) {
  Toy toy(8);
  const auto low = toy.Submit(Request(Prompt(60), 60));
  toy.engine->Step();
  GenerateRequest urgent = Request(Prompt(60, 2), 60);
  urgent.options.priority = -1;
  const auto high = toy.Submit(urgent);
  while (!high->finished) ASSERT_TRUE(toy.engine->Step());
  EXPECT_FALSE(low->finished);
  toy.Finish();
  EXPECT_EQ(low->times.num_preemptions, 1);
  EXPECT_EQ(high->times.num_preemptions, 0);
  EXPECT_EQ(low->choices[0].tokens, Solo(Request(Prompt(60), 60)));
}

TEST(Engine, AFullQueueAnswersExhaustedWithATimeToComeBack) {
  Toy toy(100, {.max_running = 1, .max_waiting = 2});
  toy.Submit(Request(Prompt(10), 5));
  toy.Submit(Request(Prompt(10), 5));
  const auto refused = toy.engine->Submit(Request(Prompt(10), 5), std::make_shared<RecordingSink>());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kExhausted);
  EXPECT_GE(refused.error().retry_after.value().count(), 1000);
  toy.Finish();
  toy.Submit(Request(Prompt(10), 5));
  toy.Finish();
}

TEST(Engine, AFaultOfTheRunnerEndsItsRequestsAndNoOthers) {
  Toy toy;
  const auto broken = toy.Submit(Request(Prompt(10), 5));
  toy.engine->Step();
  toy.runner.FailNext();
  toy.engine->Step();
  ASSERT_TRUE(broken->finished);
  EXPECT_EQ(broken->error->kind, ErrorKind::kInternal);
  const auto next = toy.Submit(Request(Prompt(10), 5));
  toy.Finish();
  EXPECT_EQ(next->choices[0].tokens.size(), 5U);
}

TEST(Engine, DestroyingItEndsEveryRequest) {
  auto toy = std::make_unique<Toy>();
  Handle handle;
  const auto sink = toy->Submit(Request(Prompt(10), 5), &handle);
  toy.reset();
  EXPECT_TRUE(sink->finished);
  EXPECT_EQ(sink->reason, FinishReason::kCancelled);
  handle.Cancel();
}

TEST(Engine, RejectsWhatIsOutOfRangeByName) {
  Toy toy;
  const auto field = [&](auto change) {
    GenerateRequest request = Request(Prompt(10), 5);
    change(request);
    const auto submitted = toy.engine->Submit(std::move(request), std::make_shared<RecordingSink>());
    return submitted.ok() ? std::string() : submitted.error().where;
  };
  EXPECT_EQ(field([](GenerateRequest& r) { r.prompt.clear(); }), "prompt");
  EXPECT_EQ(field([](GenerateRequest& r) { r.prompt[3] = 53; }), "prompt");
  EXPECT_EQ(field([](GenerateRequest& r) { r.n = 0; }), "n");
  EXPECT_EQ(field([](GenerateRequest& r) { r.best_of = 1, r.n = 2; }), "best_of");
  EXPECT_EQ(field([](GenerateRequest& r) { r.max_tokens = -1; }), "max_tokens");
  EXPECT_EQ(field([](GenerateRequest& r) { r.min_tokens = 6; }), "min_tokens");
  EXPECT_EQ(field([](GenerateRequest& r) { r.logprobs = 101; }), "logprobs");
  EXPECT_EQ(field([](GenerateRequest& r) { r.stop = {""}; }), "stop");
  EXPECT_EQ(field([](GenerateRequest& r) { r.sampling.top_p = 2; }), "top_p");
  const auto embed = toy.engine->Submit(EmbedRequest{.inputs = {{1}}}, std::make_shared<RecordingSink>());
  ASSERT_FALSE(embed.ok());
  EXPECT_EQ(embed.error().kind, ErrorKind::kUnsupported);
}

struct ToyEncoderWorld {
  explicit ToyEncoderWorld(bool scores) : runner(scores) {
    engine = std::move(Engine::Create({.runner = &runner, .clock = &clock}, {})).value();
  }
  template <class Request>
  std::shared_ptr<RecordingSink> Run(const std::vector<Request>& requests) {
    std::vector<std::shared_ptr<RecordingSink>> sinks;
    for (const Request& request : requests) {
      sinks.push_back(std::make_shared<RecordingSink>());
      EXPECT_TRUE(engine->Submit(request, sinks.back()).ok());
    }
    while (engine->Step()) engine->CheckInvariants();
    for (const auto& sink : sinks) EXPECT_TRUE(sink->finished);
    return sinks.back();
  }
  ManualClock clock;
  ToyEncoder runner;
  std::unique_ptr<Engine> engine;
};

TEST(Engine, EmbedsManyInputsInWholesWithinTheRowsOfAStep) {
  ToyEncoderWorld world(false);
  EmbedRequest request;
  for (size_t i = 0; i < 200; ++i) request.inputs.push_back(Prompt(1 + i % 64, i));
  const auto all = world.Run<EmbedRequest>({request, request});
  ASSERT_EQ(all->vectors.size(), 200U);
  EXPECT_GT(world.runner.max_sequences_at_once(), 1);
  for (int32_t i = 0; i < 200; i += 7) {
    const auto one = world.Run<EmbedRequest>({EmbedRequest{.inputs = {request.inputs[static_cast<size_t>(i)]}}});
    EXPECT_EQ(one->vectors[0], all->vectors[i]);
  }
  EXPECT_FALSE(world.engine->Submit(Request(Prompt(5), 1), std::make_shared<RecordingSink>()).ok());
}

TEST(Engine, ScoresPairsWithTheirSegmentsAndCutsOnlyWhereAsked) {
  ToyEncoderWorld world(true);
  const RerankRequest::Pair plain{.tokens = {1, 2, 3, 4}, .segments = {}};
  const RerankRequest::Pair pair{.tokens = {1, 2, 3, 4}, .segments = {0, 0, 1, 1}};
  const auto scores = world.Run<RerankRequest>({RerankRequest{.pairs = {plain, pair}}});
  EXPECT_NE(scores->vectors[0], scores->vectors[1]);
  RerankRequest longer{.pairs = {{.tokens = Prompt(70), .segments = std::vector<int32_t>(70, 1)}}};
  const auto refused = world.engine->Submit(longer, std::make_shared<RecordingSink>());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().where, "documents[0]");
  longer.truncate = true;
  EXPECT_EQ(world.Run<RerankRequest>({longer})->usage.prompt_tokens, 64);
}

TEST(Engine, SubmitAndCancelFromOtherThreadsWhileItSteps) {
  Toy toy(40);
  std::vector<std::thread> clients;
  std::atomic<int> num_done = 0;
  std::vector<std::shared_ptr<RecordingSink>> sinks(40);
  for (size_t c = 0; c < 4; ++c) {
    clients.emplace_back([&, c] {
      for (size_t i = c * 10; i < c * 10 + 10; ++i) {
        Handle handle;
        sinks[i] = toy.Submit(Request(Prompt(20 + i, i), 20), &handle);
        if (i % 3 == 0) handle.Cancel();
      }
      ++num_done;
    });
  }
  while (num_done.load() < 4 || toy.engine->HasWork()) toy.engine->Step();
  for (std::thread& client : clients) client.join();
  toy.Finish();
  for (size_t i = 0; i < 40; ++i) {
    EXPECT_TRUE(sinks[i]->finished);
    if (i % 3 != 0) {
      EXPECT_EQ(sinks[i]->choices[0].tokens.size(), 20U);
    }
  }
}

// A grammar that breaks its promise: it allows a token, and then nothing, not even an end.
struct BrokenGrammar final : Grammar {
  struct Follower final : Constraint {
    void Mask(std::span<uint64_t> bits) override {
      std::ranges::fill(bits, 0);
      if (num_read == 0) bits[0] = 2;
    }
    bool Accept(int32_t token) override { return num_read++ == 0 && token == 1; }
    bool AcceptBytes(std::string_view /*bytes*/) override { return false; }
    bool CanEnd() override { return false; }
    int num_read = 0;
  };
  std::unique_ptr<Constraint> Start() const override { return std::make_unique<Follower>(); }
};

TEST(Engine, AGrammarThatBreaksItsPromiseEndsItsChoiceAlone) {
  Toy toy;
  GenerateRequest broken = Request(Prompt(5), 10);
  broken.grammar = std::make_shared<BrokenGrammar>();
  const auto stuck = toy.Submit(broken);
  const auto other = toy.Submit(Request(Prompt(6), 10));
  toy.Finish();
  EXPECT_EQ(stuck->choices[0].tokens[0], 1);
  EXPECT_EQ(stuck->choices[0].reason, FinishReason::kLength);
  EXPECT_EQ(other->choices[0].tokens, Solo(Request(Prompt(6), 10)));
}

}  // namespace
}  // namespace atelier
