#include "base/task/task.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/task/for_each.h"
#include "base/task/manual_loop.h"
#include "base/task/pool.h"
#include "base/task/stream.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;

Task<int> Depth(int n) {
  if (n == 0) co_return 0;
  const int below = co_await Depth(n - 1);
  co_return below + 1;
}

TEST(Task, StartsOnlyWhenAwaited) {
  bool ran = false;
  auto make = [&ran]() -> Task<void> {
    ran = true;
    co_return;
  };
  auto task = make();
  EXPECT_FALSE(ran);
  Spawn(std::move(task));
  EXPECT_TRUE(ran);
}

// Things that sleep, later ones shorter.
struct Sleepers {
  ManualLoop loop{1};
  size_t under_way = 0, most = 0;
  std::vector<size_t> begun;

  Task<Result<void>> One(size_t i, size_t failing) {
    begun.push_back(i);
    most = std::max(most, ++under_way);
    co_await SleepFor(loop, 100ms - 1ms * static_cast<int>(i));
    --under_way;
    if (i == failing) co_return Error::Invalid(std::to_string(i), "got it");
    co_return Result<void>();
  }
  Result<void> Run(size_t num, size_t at_once, size_t failing = 1000) {
    auto one = [this, failing](size_t i) { return One(i, failing); };
    return loop.Run(ForEach(num, at_once, one));
  }
};

TEST(ForEach, DoesAllSoManyAtATimeInTheirOrder) {
  Sleepers sleepers;
  EXPECT_TRUE(sleepers.Run(10, 3).ok());
  EXPECT_EQ(sleepers.begun, (std::vector<size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(sleepers.most, 3U);
  EXPECT_TRUE(sleepers.Run(0, 3).ok());
  EXPECT_EQ(sleepers.begun.size(), 10U);
}

TEST(ForEach, BeginsNothingAfterAnErrorAndWaitsForWhatIsUnderWay) {
  Sleepers sleepers;
  const Result<void> result = sleepers.Run(10, 3, 4);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().where, "4");
  EXPECT_EQ(sleepers.under_way, 0U);
  EXPECT_LT(sleepers.begun.size(), 10U);
}

TEST(Task, AChainOfAHundredThousandAwaitsNeedsNoStack) {
  int depth = -1;
  Spawn(Depth(100'000), [&](int value) { depth = value; });
  EXPECT_EQ(depth, 100'000);
}

TEST(Task, AMillionAwaitsInARowReturnAtOnce) {
  auto loop = []() -> Task<int64_t> {
    int64_t sum = 0;
    for (int i = 0; i < 1'000'000; ++i) sum += co_await Depth(0) + 1;
    co_return sum;
  };
  int64_t sum = 0;
  Spawn(loop(), [&](int64_t value) { sum = value; });
  EXPECT_EQ(sum, 1'000'000);
}

TEST(Task, CarriesValuesThatOnlyMove) {
  auto make = []() -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  ManualLoop loop(1);
  EXPECT_EQ(*loop.Run(make()), 7);
}

TEST(ManualLoop, PostsOfOneThreadRunInOrder) {
  ManualLoop loop(3);
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) loop.Post([&order, i] { order.push_back(i); });
  loop.RunUntilIdle();
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(ManualLoop, TimersWaitForTheirTimeAndTheSeedDecidesTheRest) {
  auto run = [](uint64_t seed) {
    ManualLoop loop(seed);
    std::string log;
    for (char c = 'a'; c < 'f'; ++c) loop.Post([&log, c] { log += c; });
    for (char c = 'A'; c < 'F'; ++c) loop.At(loop.Now(), [&log, c] { log += c; });
    loop.At(loop.Now() + 5ms, [&log] { log += '!'; });
    loop.RunUntilIdle();
    EXPECT_EQ(log.find('!'), std::string::npos);
    loop.Advance(5ms);
    EXPECT_EQ(log.back(), '!');
    return log;
  };
  EXPECT_EQ(run(5), run(5));
  std::vector<std::string> logs;
  for (uint64_t seed = 0; seed < 8; ++seed) logs.push_back(run(seed));
  std::sort(logs.begin(), logs.end());
  EXPECT_GT(std::unique(logs.begin(), logs.end()) - logs.begin(), 1);
}

TEST(ManualLoop, SteppersTakePartUntilTheyHaveNothingToDo) {
  ManualLoop loop(9);
  int left = 10;
  loop.AddStepper([&left] { return left > 0 && left-- > 0; });
  loop.RunUntilIdle();
  EXPECT_EQ(left, 0);
}

TEST(Sleep, EndsOnTimeOrWhenStopIsRequested) {
  ManualLoop loop(1);
  std::stop_source stop;
  std::vector<std::string> log;
  Spawn(SleepFor(loop, 10ms), [&](bool slept) { log.push_back(slept ? "slept" : "stopped"); });
  Spawn(SleepFor(loop, 1h, stop.get_token()), [&](bool slept) { log.push_back(slept ? "slept" : "stopped"); });
  loop.Advance(9ms);
  EXPECT_TRUE(log.empty());
  loop.Advance(1ms);
  EXPECT_EQ(log, (std::vector<std::string>{"slept"}));
  std::thread([&] { stop.request_stop(); }).join();
  loop.RunUntilIdle();
  EXPECT_EQ(log, (std::vector<std::string>{"slept", "stopped"}));
}

// Runs the loop until `done`, waiting for other threads' posts.
void RunUntil(ManualLoop& loop, const bool& done) {
  while (!done) {
    if (!loop.RunOne()) std::this_thread::yield();
  }
}

TEST(Pool, WorkRunsElsewhereAndResumesOnTheHomeLoop) {
  ManualLoop loop(1);
  Pool pool(loop, 2);
  const auto home = std::this_thread::get_id();
  auto task = [&]() -> Task<int> {
    const auto there = co_await OnPool(pool, [] { return std::this_thread::get_id(); });
    EXPECT_NE(there, home);
    EXPECT_EQ(std::this_thread::get_id(), home);
    co_await OnPool(pool, [] {});
    co_return 42;
  };
  bool done = false;
  Spawn(task(), [&](int value) {
    EXPECT_EQ(value, 42);
    done = true;
  });
  RunUntil(loop, done);
}

TEST(Pool, EverythingSubmittedRunsBeforeItIsGone) {
  ManualLoop loop(1);
  std::atomic<int> count = 0;
  {
    Pool pool(loop, 3);
    for (int i = 0; i < 1000; ++i) pool.Submit([&count] { ++count; });
  }
  EXPECT_EQ(count, 1000);
}

Stream<int> CountTo(int n, int* computed) {
  for (int i = 0; i < n; ++i) {
    ++*computed;
    co_yield i;
  }
}

TEST(Stream, ComputesAValueOnlyWhenAsked) {
  int computed = 0;
  ManualLoop loop(1);
  auto read_two = [&]() -> Task<int> {
    auto stream = CountTo(1000, &computed);
    const auto first = co_await stream.Next();
    const auto second = co_await stream.Next();
    co_return *first * 10 + *second;
  };
  EXPECT_EQ(loop.Run(read_two()), 1);
  EXPECT_EQ(computed, 2);
}

TEST(Stream, EndsOnceAndStaysEnded) {
  int computed = 0;
  ManualLoop loop(1);
  auto read = [&]() -> Task<int> {
    auto stream = CountTo(3, &computed);
    int count = 0;
    while (co_await stream.Next()) ++count;
    EXPECT_FALSE((co_await stream.Next()).has_value());
    co_return count;
  };
  EXPECT_EQ(loop.Run(read()), 3);
}

Task<std::vector<int>> ReadAll(std::shared_ptr<Channel<int>> channel) {
  std::vector<int> all;
  while (true) {
    const auto batch = co_await channel->NextBatch();
    if (batch.empty()) co_return all;
    all.insert(all.end(), batch.begin(), batch.end());
  }
}

TEST(Channel, CarriesEveryValueFromAnotherThreadInOrder) {
  ManualLoop loop(1);
  auto channel = Channel<int>::Create(loop, 1'000'000);
  std::vector<int> got;
  bool done = false;
  Spawn(ReadAll(channel), [&](std::vector<int> all) {
    got = std::move(all);
    done = true;
  });
  std::thread producer([&] {
    for (int i = 0; i < 100'000; ++i) EXPECT_TRUE(channel->Push(i));
    channel->Close();
  });
  RunUntil(loop, done);
  producer.join();
  ASSERT_EQ(got.size(), 100'000u);
  for (int i = 0; i < 100'000; ++i) ASSERT_EQ(got[i], i);
}

TEST(Channel, OverflowClosesItButWhatWasQueuedStaysReadable) {
  ManualLoop loop(1);
  auto channel = Channel<int>::Create(loop, 3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(channel->Push(i));
  EXPECT_FALSE(channel->Push(3));
  EXPECT_TRUE(channel->overflowed());
  EXPECT_FALSE(channel->Push(4));
  EXPECT_EQ(loop.Run(ReadAll(channel)), (std::vector<int>{0, 1, 2}));
}

}  // namespace
}  // namespace atelier
