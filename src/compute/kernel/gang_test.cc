#include "compute/kernel/gang.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

namespace atelier {
namespace {

TEST(Gang, EveryThreadRunsOnceWithItsOwnIndex) {
  for (const int num_threads : {1, 2, 3, 5}) {
    Gang gang(num_threads);
    std::vector<int> calls(static_cast<size_t>(num_threads), 0);
    for (int run = 0; run < 200; ++run) {
      gang.Run([&](int thread, int of) {
        EXPECT_EQ(of, num_threads);
        ++calls[static_cast<size_t>(thread)];
      });
    }
    for (const int count : calls) EXPECT_EQ(count, 200);
  }
}

TEST(Gang, StepsThatWakeAndSleepLoseNoRun) {
  Gang gang(3);
  std::atomic<int> calls = 0;
  for (int step = 0; step < 300; ++step) {
    gang.Begin();
    for (int run = 0; run < step % 4; ++run) gang.Run([&](int, int) { ++calls; });
    if (step % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // past the spin
    gang.End();
  }
  EXPECT_EQ(calls.load(), 3 * 450);
}

TEST(Gang, BarrierShowsWhatOthersWroteBefore) {
  constexpr int kThreads = 4;
  Gang gang(kThreads);
  std::vector<int> written(kThreads, 0);
  gang.Begin();
  gang.Run([&](int thread, int num_threads) {
    for (int round = 1; round <= 500; ++round) {
      written[static_cast<size_t>(thread)] = round;
      gang.Barrier();
      EXPECT_EQ(std::accumulate(written.begin(), written.end(), 0), round * num_threads);
      gang.Barrier();
    }
  });
  gang.End();
}

TEST(Gang, LeaderMayChangeBetweenSteps) {
  Gang gang(2);
  std::atomic<int> calls = 0;
  for (int i = 0; i < 20; ++i) {
    std::thread([&] { gang.Run([&](int, int) { ++calls; }); }).join();
  }
  EXPECT_EQ(calls.load(), 40);
}

}  // namespace
}  // namespace atelier
