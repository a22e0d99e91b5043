#include "provider/route.h"

#include <gtest/gtest.h>

#include <map>

#include "base/task/manual_loop.h"
#include "provider/scripted_model.h"
#include "provider/spending.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;
using Line = ScriptedModel::Line;

Line Says(std::string text) { return {.deltas = {std::move(text)}}; }
Line Refuses(Error error) { return {.refusal = std::move(error)}; }
Error Busy(std::optional<std::chrono::milliseconds> after = {}) {
  Error error = Error::Exhausted("provider up", "got status 429").WithCode("rate_limit_exceeded");
  error.retry_after = after;
  return error;
}
Error Down() { return Error::Unavailable("provider up", "got status 500"); }

GenerationRequest Hello() {
  GenerationRequest request;
  request.model = "r";
  ChatPrompt prompt;
  prompt.messages = Json::Array({Json::Object({{"role", "user"}, {"content", "Hello"}})});
  request.prompt = std::move(prompt);
  return request;
}

class RouteTest : public testing::Test {
 protected:
  // What each model says, in turn; the last again and again.
  std::map<std::string, std::vector<Line>> lines_;

  Route& Open(RouteConfig config, std::vector<std::string> targets) {
    config.name = "r";
    for (std::string& target : targets) config.targets.push_back({std::move(target), 1});
    return OpenAs(std::move(config));
  }
  Route& OpenAs(RouteConfig config, uint64_t seed = 1) {
    RouteSurroundings around{loop_, {&model_, &model_, &model_}, seed, {}};
    around.on_attempt = [this](const RouteAttempt& attempt) { attempts_.push_back(attempt); };
    config.name = "r";
    route_ = std::make_unique<Route>(std::move(config), std::move(around));
    return *route_;
  }
  static Task<Result<Gathered>> AskTask(Route& route, Call call, GenerationRequest request) {
    const int32_t n = request.options.request.n;
    CO_TRY(Generation generation, co_await route.Generate(std::move(call), std::move(request)));
    co_return co_await Gather(std::move(generation), n);
  }
  Result<Gathered> Ask(GenerationRequest request = Hello(), Call call = {}) {
    return loop_.Run(AskTask(*route_, std::move(call), std::move(request)));
  }
  std::string Text(GenerationRequest request = Hello()) {
    const auto reply = Ask(std::move(request));
    return reply.ok() ? reply->choices[0].text : "error " + reply.error().code + " " + reply.error().Message();
  }
  // Names of those asked, in order.
  std::string Asked() { return std::exchange(asked_, {}); }

  ManualLoop loop_{1};
  std::string asked_;
  std::map<std::string, size_t> turns_;
  ScriptedModel model_{loop_, [this](const std::string& model) {
                         asked_ += model;
                         const auto& lines = lines_.at(model);
                         return lines[std::min(lines.size() - 1, turns_[model]++)];
                       }};
  std::vector<RouteAttempt> attempts_;
  std::unique_ptr<Route> route_;
};

TEST_F(RouteTest, AsksAgainAndThenTheNext) {
  Open({.attempts = 2}, {"a", "b"});
  lines_ = {{"a", {Refuses(Down())}}, {"b", {Refuses(Down()), Says("hi")}}};
  EXPECT_EQ(Text(), "hi");
  EXPECT_EQ(Asked(), "aabb");
  ASSERT_EQ(attempts_.size(), 4U);
  EXPECT_TRUE(attempts_[2].error.has_value());
  EXPECT_FALSE(attempts_[3].error.has_value());
  lines_["b"] = {Refuses(Down())};
  EXPECT_TRUE(Text().starts_with("error  route r: provider up: got status 500")) << Text();
}

TEST_F(RouteTest, PausesDoubleWithinBoundsAndComeFromTheSeed) {
  const auto pauses = [&](uint64_t seed) {
    RouteConfig config{.targets = {{"a", 1}}, .attempts = 5, .backoff_seconds = 1, .max_backoff_seconds = 4};
    config.breaker_failures = 0;
    OpenAs(config, seed);
    lines_ = {{"a", {Refuses(Down())}}};
    attempts_.clear();
    EXPECT_FALSE(Ask().ok());
    std::vector<int64_t> ms;
    for (size_t i = 1; i < attempts_.size(); ++i) {
      ms.push_back((attempts_[i].began - attempts_[i - 1].ended) / 1ms);
    }
    return ms;
  };
  const auto first = pauses(7);
  ASSERT_EQ(first.size(), 4U);
  const int64_t whole[] = {1000, 2000, 4000, 4000};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_GE(first[i], whole[i] / 2);
    EXPECT_LE(first[i], whole[i]);
  }
  EXPECT_EQ(pauses(7), first);
  EXPECT_NE(pauses(8), first);
}

TEST_F(RouteTest, RetryAfterIsRespectedByAll) {
  Open({.attempts = 2, .max_backoff_seconds = 10}, {"a"});
  lines_ = {{"a", {Refuses(Busy(7s)), Says("hi")}}};
  const auto began = loop_.Now();
  EXPECT_EQ(Text(), "hi");
  EXPECT_GE(loop_.Now() - began, 7s);

  Open({.attempts = 3, .max_backoff_seconds = 10}, {"a", "b"});
  Asked(), turns_.clear();
  lines_ = {{"a", {Refuses(Busy(60s)), Says("back")}}, {"b", {Says("meanwhile")}}};
  EXPECT_EQ(Text(), "meanwhile") << "a minute is too long to wait";
  EXPECT_EQ(Text(), "meanwhile");
  EXPECT_EQ(Asked(), "abb") << "nobody asks before its time";
  loop_.Advance(60s);
  EXPECT_EQ(Text(), "back");

  Open({.max_backoff_seconds = 10}, {"a"});
  turns_.clear();
  EXPECT_FALSE(Ask().ok());
  const auto resting = Ask();
  ASSERT_FALSE(resting.ok());
  EXPECT_EQ(resting.error().kind, ErrorKind::kExhausted);
  EXPECT_GT(*resting.error().retry_after, 50s) << resting.error().Message();
}

TEST_F(RouteTest, WhatAnotherModelCannotMendIsToldAtOnce) {
  Open({.attempts = 5}, {"a", "b"});
  const auto asked_for = [&](Error error) {
    Asked(), turns_.clear();
    OpenAs(route_->config());
    lines_ = {{"a", {Refuses(std::move(error))}}, {"b", {Says("hi")}}};
    const std::string said = Text().substr(0, 5);
    return said + Asked();
  };
  EXPECT_EQ(asked_for(Error::Invalid("temperature", "got 9")), "errora");
  EXPECT_EQ(asked_for(Error::Cancelled("", "")), "errora");
  EXPECT_EQ(asked_for(Error::Unsupported("top_k", "")), "hiab");
  EXPECT_EQ(asked_for(Error::NotFound("model", "")), "hiab");
  EXPECT_EQ(asked_for(Error::Invalid("messages", "").WithCode("context_length_exceeded")), "hiab");
  EXPECT_EQ(asked_for(Error::Unavailable("", "").WithCode("upstream_denied")), "hiab");
  EXPECT_EQ(asked_for(Error::Unavailable("", "").WithCode("schema_not_kept")), "hiab");
}

TEST_F(RouteTest, NothingIsTriedAgainOnceADeltaHasGoneOut) {
  Open({.attempts = 3}, {"a", "b"});
  lines_ = {{"a", {{.deltas = {"Once upon"}, .end_error = Down()}}}, {"b", {Says("x")}}};
  const auto reply = Ask();
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(Asked(), "a");
  // An end before anything was said is another matter.
  turns_.clear();
  lines_["a"] = {{.end_error = Down()}, Says("whole")};
  EXPECT_EQ(Text(), "whole");
  EXPECT_EQ(Asked(), "aa");
}

TEST_F(RouteTest, BreakerRestsTriesOnceAndOpens) {
  Open({.attempts = 1, .breaker_failures = 3, .breaker_seconds = 30}, {"a", "b"});
  lines_ = {{"a", {Refuses(Down())}}, {"b", {Says("b")}}};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(Text(), "b");
  EXPECT_EQ(Asked(), "abababbbb");
  loop_.Advance(30s);
  EXPECT_EQ(Text(), "b");
  EXPECT_EQ(Text(), "b");
  EXPECT_EQ(Asked(), "abb") << "one tries it, and it rests again";
  loop_.Advance(30s);
  lines_["a"] = {Says("a")};
  EXPECT_EQ(Text(), "a");
  EXPECT_EQ(Text(), "a");
}

TEST_F(RouteTest, FirstTokenAndTheWholeHaveTheirTimes) {
  RouteConfig config{.targets = {{"slow", 1}, {"b", 1}}, .attempts = 1, .first_seconds = 2};
  OpenAs(config);
  lines_ = {{"slow", {{.delay = 10s, .deltas = {"late"}}}}, {"b", {Says("b")}}};
  const auto began = loop_.Now();
  EXPECT_EQ(Text(), "b");
  EXPECT_EQ(loop_.Now() - began, 2s);
  config = {.targets = {{"fails", 1}}, .attempts = 20, .total_seconds = 5};
  OpenAs(config);
  lines_ = {{"fails", {Refuses(Down())}}};
  const auto start = loop_.Now();
  EXPECT_FALSE(Ask().ok());
  EXPECT_LE(loop_.Now() - start, 5s);
}

TEST_F(RouteTest, SplitsByWeight) {
  RouteConfig config{.strategy = "split", .targets = {{"a", 3}, {"b", 1}, {"c", 0}}};
  OpenAs(config, 11);
  lines_ = {{"a", {Says("a")}}, {"b", {Says("b")}}, {"c", {Says("c")}}};
  std::map<std::string, int> counts;
  for (int i = 0; i < 4000; ++i) ++counts[Text()];
  EXPECT_NEAR(counts["a"], 3000, 120);
  EXPECT_NEAR(counts["b"], 1000, 120);
  EXPECT_EQ(counts["c"], 0);
  lines_["a"] = lines_["b"] = {Refuses(Error::NotFound("", ""))};
  EXPECT_EQ(Text(), "c") << "who has no share is there when the others fail";
}

TEST_F(RouteTest, MirrorsAreAskedAndChangeNothing) {
  Open({.mirror = {"m"}}, {"a"});
  lines_ = {{"a", {Says("a")}}, {"m", {Refuses(Down())}}};
  EXPECT_EQ(Text(), "a");
  loop_.RunUntilIdle();
  const std::string asked = Asked();
  EXPECT_TRUE(asked == "am" || asked == "ma") << asked;
  int num_mirrored = 0;
  for (const RouteAttempt& attempt : attempts_) num_mirrored += attempt.mirror && attempt.error ? 1 : 0;
  EXPECT_EQ(num_mirrored, 1);
}

TEST_F(RouteTest, SoManyAtOnceAndSoManyInLine) {
  Open({.max_concurrent = 1, .max_waiting = 1}, {"a"});
  lines_ = {{"a", {{.delay = 1s, .deltas = {"x"}}}}};
  std::vector<std::string> ends;
  const auto ask = [&](Call call) {
    Spawn(AskTask(*route_, std::move(call), Hello()), [&](Result<Gathered> reply) {
      ends.push_back(reply.ok() ? reply->choices[0].text : std::string(ErrorKindName(reply.error().kind)));
    });
  };
  std::stop_source stop;
  Call impatient;
  impatient.stop = stop.get_token();
  ask({});
  ask(impatient);
  ask({});
  loop_.RunUntilIdle();
  EXPECT_EQ(ends, std::vector<std::string>{"exhausted"});
  stop.request_stop();
  loop_.RunUntilIdle();
  EXPECT_EQ(ends.back(), "cancelled");
  ask({});
  loop_.Advance(1s);
  EXPECT_EQ(ends.size(), 3U);
  loop_.Advance(1s);
  EXPECT_EQ(ends, (std::vector<std::string>{"exhausted", "cancelled", "x", "x"}));
}

TEST_F(RouteTest, EqualRequestsHaveOneAnswer) {
  RouteConfig config;
  config.cache.emplace();
  config.cache->seconds = 60, config.cache->entries = 2;
  Open(config, {"a"});
  lines_ = {{"a", {Says("1"), Says("2"), Says("3"), Says("4"), {.deltas = {"5"}, .end_error = Down()}, Says("6")}}};
  EXPECT_EQ(Text() + Text(), "11");
  GenerationRequest warmer = Hello();
  warmer.options.request.sampling.temperature = 0.5F;
  EXPECT_EQ(Text(warmer), "2") << "every parameter counts";
  GenerationRequest seeded = Hello();
  seeded.options.seed = 1;
  EXPECT_EQ(Text(seeded), "3");
  EXPECT_EQ(Text(), "4") << "two are kept";
  loop_.Advance(61s);
  EXPECT_TRUE(Text().starts_with("error")) << "errors are not kept";
  EXPECT_EQ(Text() + Text(), "66");
}

TEST_F(RouteTest, VectorsAndScoresFallBackToo) {
  Open({.attempts = 1, .breaker_failures = 1}, {"a", "b"});
  lines_ = {{"a", {Refuses(Down())}}, {"b", {Says("")}}};
  EmbeddingRequest request;
  request.inputs.emplace_back(TextPrompt{"x"});
  EXPECT_EQ(loop_.Run(route_->Embed({}, request))->vectors.size(), 1U);
  RerankingRequest ranking;
  ranking.documents = {"x", "y"};
  EXPECT_EQ(loop_.Run(route_->Rerank({}, ranking))->scores.size(), 2U);
  EXPECT_EQ(Asked(), "abb");
}

// A hundred requests against models that fail in every way, replayed: the same seed tells the same story.
TEST_F(RouteTest, TheSameSeedTellsTheSameStory) {
  const auto story = [&](uint64_t seed) {
    RouteConfig config{.strategy = "split", .targets = {{"a", 2}, {"b", 1}}, .attempts = 3, .first_seconds = 1};
    OpenAs(config, seed);
    Random random(seed);
    const auto fault = [&]() -> Line {
      switch (random.Below(6)) {
        case 0: return Refuses(Busy(std::chrono::milliseconds(random.Below(3000))));
        case 1: return Refuses(Down());
        case 2: return {.deltas = {"half"}, .end_error = Down()};
        case 3: return {.delay = std::chrono::milliseconds(random.Below(2000)), .deltas = {"slow"}};
        case 4: return {.end_error = Error::Timeout("", "")};
        default: return Says("whole");
      }
    };
    turns_.clear();
    for (const char* name : {"a", "b"}) {
      lines_[name].clear();
      for (int i = 0; i < 200; ++i) lines_[name].push_back(fault());
    }
    std::string told;
    for (int i = 0; i < 100; ++i) told += Text() + "|";
    return told + Asked();
  };
  for (uint64_t seed = 1; seed <= 20; ++seed) EXPECT_EQ(story(seed), story(seed)) << seed;
}

// --- budgets ---

TEST(Spending, TokensAndMoneyHaveDaysAndMonths) {
  ManualClock clock(1'767'052'800'000'000'000);  // 2025-12-30 00:00 UTC
  PriceConfig price{"up/m", 2.5, 10, 0.25};
  BudgetConfig budget{"alice", 0, 0, 0.01, 0.025};
  BudgetConfig others{"*", 1000, 0, 0, 0};
  auto made = Spending::Create({price}, {budget, others}, clock);
  ASSERT_TRUE(made.ok());
  Spending& spending = **made;
  const Usage usage{.prompt_tokens = 2000, .cached_tokens = 1000, .completion_tokens = 300};
  EXPECT_EQ(spending.MicrosOf("up/m", usage), 2500 + 250 + 3000);
  EXPECT_EQ(spending.MicrosOf("local", usage), 0);
  EXPECT_TRUE(spending.Admit("alice").ok());
  spending.Charge("alice", "up/m", usage);
  EXPECT_TRUE(spending.Admit("alice").ok());
  spending.Charge("alice", "up/m", usage);
  const auto refused = spending.Admit("alice");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "insufficient_quota");
  EXPECT_EQ(refused.error().retry_after, 24h);
  spending.Charge("bob", "local", usage);
  EXPECT_FALSE(spending.Admit("bob").ok()) << "the budget of everybody else, in tokens";
  clock.Advance(24h);
  EXPECT_TRUE(spending.Admit("alice").ok());
  EXPECT_TRUE(spending.Admit("bob").ok());
  for (int i = 0; i < 3; ++i) spending.Charge("alice", "up/m", usage);
  clock.Advance(23h);
  const auto month = spending.Admit("alice");
  ASSERT_FALSE(month.ok());
  EXPECT_NE(month.error().what.find("a month"), std::string::npos) << month.error().what;
  clock.Advance(1h);  // 2026-01-01
  EXPECT_TRUE(spending.Admit("alice").ok());
  EXPECT_FALSE(Spending::Create({price, price}, {}, clock).ok());
}

}  // namespace
}  // namespace atelier
