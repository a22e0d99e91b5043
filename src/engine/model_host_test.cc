#include "engine/model_host.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "engine/toy_model.h"
#include "model/arch/model.h"

namespace atelier {
namespace {

// The toy as a model of 100 bytes, so that a budget counts models. Counts how many live.
class ToyLocalModel final : public LocalModel {
 public:
  ToyLocalModel(const std::string& name, const ModelSurroundings& surroundings, std::atomic<int>* num_alive)
      : LocalModel(name), num_alive_(num_alive) {
    Engine::Parts parts{.runner = &runner_, .clock = surroundings.clock};
    parts.wake = surroundings.wake;
    EngineOptions options;
    options.cache_bytes = 100 * runner_.shape().block_bytes;
    engine_ = std::move(Engine::Create(std::move(parts), options)).value();
    ++*num_alive_;
  }
  ~ToyLocalModel() override { --*num_alive_; }
  Engine& engine() override { return *engine_; }
  const Tokenizer* tokenizer() const override { return nullptr; }
  const ChatTemplate* chat_template() const override { return nullptr; }
  const ModelSummary& summary() const override { return summary_; }
  const RunnerShape& shape() const override { return runner_.shape(); }
  const LoadFigures& figures() const override { return figures_; }
  Plan* plan() override { return nullptr; }
  int64_t memory_bytes() const override { return 100; }

 private:
  std::atomic<int>* num_alive_;
  ToyRunner runner_;
  ModelSummary summary_;
  LoadFigures figures_;
  std::unique_ptr<Engine> engine_;
};

// Tells a test when its request is over.
class AwaitedSink final : public Sink {
 public:
  void OnDelta(const Delta& delta) override { num_tokens += delta.tokens.size(); }
  void OnFinish(const Finished& finished) override { done.set_value(finished.reason); }
  std::atomic<size_t> num_tokens = 0;
  std::promise<FinishReason> done;
  ModelLease lease;
};

struct House {
  explicit House(ModelHostOptions options) {
    options.num_threads = 1;
    const auto load = [this](const std::string& name,
                             const ModelSurroundings& surroundings) -> Result<std::unique_ptr<LocalModel>> {
      if (name == "missing") return Error::NotFound("missing", "got no such model");
      ++num_loads;
      if (name == "slow") may_load.get_future().wait();
      return std::unique_ptr<LocalModel>(std::make_unique<ToyLocalModel>(name, surroundings, &num_alive));
    };
    host = std::make_unique<ModelHost>(options, load, &clock);
  }
  void AwaitAlive(int expected) const {
    for (int i = 0; i < 1000 && num_alive.load() != expected; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(num_alive.load(), expected);
  }
  ManualClock clock;
  std::atomic<int> num_loads = 0;
  std::atomic<int> num_alive = 0;
  std::promise<void> may_load;  // "slow"
  std::unique_ptr<ModelHost> host;
};

GenerateRequest Request(int64_t max_tokens) {
  GenerateRequest request;
  request.prompt = {1, 2, 3};
  request.max_tokens = max_tokens;
  return request;
}

TEST(ModelHost, LoadsOnFirstUseOnceAndServes) {
  House house({});
  const ModelLease first = std::move(house.host->AcquireNow("a")).value();
  const ModelLease second = std::move(house.host->AcquireNow("a")).value();
  EXPECT_EQ(house.num_loads.load(), 1);
  auto sink = std::make_shared<AwaitedSink>();
  ASSERT_TRUE(first->engine().Submit(Request(30), sink).ok());
  EXPECT_EQ(sink->done.get_future().get(), FinishReason::kLength);
  EXPECT_EQ(sink->num_tokens.load(), 30U);
}

TEST(ModelHost, StepsAllLoadedModelsInTurn) {
  House house({});
  std::vector<std::shared_ptr<AwaitedSink>> sinks;
  for (const char* name : {"a", "b", "c"}) {
    auto lease = std::move(house.host->AcquireNow(name)).value();
    for (int i = 0; i < 5; ++i) {
      sinks.push_back(std::make_shared<AwaitedSink>());
      sinks.back()->lease = lease;
      ASSERT_TRUE(lease->engine().Submit(Request(100), sinks.back()).ok());
    }
  }
  for (const auto& sink : sinks) EXPECT_EQ(sink->done.get_future().get(), FinishReason::kLength);
}

// The slow model needs the place of the other one, and nobody steps any more who could let that one go.
TEST(ModelHost, GoesWhileAModelIsLoadedThatOthersMakeRoomFor) {
  House house({.memory_budget_bytes = 100});
  ASSERT_TRUE(house.host->AcquireNow("a").ok());
  std::promise<bool> answered;
  house.host->Acquire("slow", {}, [&](const Result<ModelLease>& lease) { answered.set_value(lease.ok()); });
  while (house.num_loads.load() < 2) std::this_thread::yield();
  std::thread going([&] { house.host.reset(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // its engine thread has ended by then
  house.may_load.set_value();
  going.join();
  EXPECT_TRUE(answered.get_future().get());
  EXPECT_EQ(house.num_alive.load(), 0);
}

TEST(ModelHost, AnErrorOfTheLoaderReachesWhoAsked) {
  House house({});
  const auto missing = house.host->AcquireNow("missing");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(house.host->models().empty());
}

TEST(ModelHost, UnloadsTheModelUsedLongestAgoWhenTheBudgetIsFull) {
  House house({.memory_budget_bytes = 250});
  (void)house.host->AcquireNow("a");
  house.clock.Advance(std::chrono::seconds(1));
  (void)house.host->AcquireNow("b");
  house.clock.Advance(std::chrono::seconds(1));
  (void)house.host->AcquireNow("a");
  house.clock.Advance(std::chrono::seconds(1));
  (void)house.host->AcquireNow("c");
  const auto models = house.host->models();
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models[0].name, "a");
  EXPECT_EQ(models[1].name, "c");
}

TEST(ModelHost, AModelInUseIsNeverUnloadedAndTheNextOneIsRefused) {
  House house({.memory_budget_bytes = 150});
  ModelLease a = std::move(house.host->AcquireNow("a")).value();
  const auto refused = house.host->AcquireNow("b");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  a = ModelLease();
  EXPECT_TRUE(house.host->AcquireNow("b").ok());
  house.AwaitAlive(1);
}

TEST(ModelHost, UnloadsAnIdleModelWhenItsKeepAliveEnds) {
  House house({.keep_alive = std::chrono::minutes(5)});
  (void)house.host->AcquireNow("a");
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  EXPECT_EQ(house.num_alive.load(), 1);
  house.clock.Advance(std::chrono::minutes(6));
  house.AwaitAlive(0);
}

TEST(ModelHost, TellsWhenAModelLeaves) {
  House house({});
  std::promise<ModelLease> got;
  const auto done = [&](Result<ModelLease> lease) { got.set_value(std::move(lease).value()); };
  house.host->Acquire("a", std::chrono::minutes(2), done);
  ModelLease lease = got.get_future().get();
  house.clock.Advance(std::chrono::minutes(7));
  EXPECT_EQ(house.host->models().at(0).expiry, house.clock.Now() + std::chrono::minutes(2)) << "from its last use on";
  lease = ModelLease();
  const Clock::TimePoint left = house.clock.Now();
  house.clock.Advance(std::chrono::minutes(1));
  EXPECT_EQ(house.host->models().at(0).expiry, left + std::chrono::minutes(2));
  house.host->Acquire("b", std::chrono::milliseconds(-1), [](const Result<ModelLease>&) {});
  EXPECT_TRUE(house.host->AcquireNow("c").ok());  // loaded behind b
  EXPECT_FALSE(house.host->models().at(1).expiry.has_value());
}

TEST(ModelHost, UnloadsAtOnceWhereKeepAliveIsNothingOrUnloadIsAsked) {
  House house({});
  std::promise<void> got;
  house.host->Acquire("a", std::chrono::milliseconds(0), [&](Result<ModelLease> lease) {
    EXPECT_TRUE(lease.ok());
    got.set_value();
  });
  got.get_future().wait();
  house.AwaitAlive(0);
  ModelLease b = std::move(house.host->AcquireNow("b")).value();
  house.host->Unload("b");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(house.num_alive.load(), 1) << "still in use";
  b = ModelLease();
  house.AwaitAlive(0);
}

TEST(ModelHost, EndsRequestsWhenItGoesAndLeasesMayOutliveIt) {
  House house({});
  ModelLease lease = std::move(house.host->AcquireNow("a")).value();
  auto sink = std::make_shared<AwaitedSink>();
  ASSERT_TRUE(lease->engine().Submit(Request(390), sink).ok());
  house.host.reset();
  const FinishReason reason = sink->done.get_future().get();
  EXPECT_TRUE(reason == FinishReason::kCancelled || reason == FinishReason::kLength);
  EXPECT_EQ(house.num_alive.load(), 1);
  lease = ModelLease();
  EXPECT_EQ(house.num_alive.load(), 0);
}

TEST(ModelHost, ManyThreadsAcquireServeAndUnload) {
  House house({.memory_budget_bytes = 250});
  std::vector<std::thread> clients;
  std::atomic<int> num_served = 0;
  for (int c = 0; c < 6; ++c) {
    clients.emplace_back([&, c] {
      for (int i = 0; i < 30; ++i) {
        auto lease = house.host->AcquireNow(std::string(1, static_cast<char>('a' + (c * 7 + i) % 4)));
        if (!lease.ok()) {
          EXPECT_EQ(lease.error().kind, ErrorKind::kUnavailable);
          EXPECT_TRUE(lease.error().retry_after.has_value());
          continue;
        }
        auto sink = std::make_shared<AwaitedSink>();
        sink->lease = *lease;
        auto done = sink->done.get_future();
        EXPECT_TRUE((*lease)->engine().Submit(Request(10), sink).ok());
        EXPECT_EQ(done.get(), FinishReason::kLength);
        sink->lease = ModelLease();
        ++num_served;
        if (i % 5 == 0) house.host->Unload("b");
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_GT(num_served.load(), 30);
}

}  // namespace
}  // namespace atelier
