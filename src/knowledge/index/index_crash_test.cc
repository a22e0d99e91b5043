// Power cuts at every kind of moment. ATELIER_POWER_CUTS sets how many (default 300).
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/io/sim_files.h"
#include "knowledge/index/index_testing.h"

namespace atelier {
namespace {

constexpr std::string_view kFolder = "/data/index";

int NumCuts() {
  const char* text = std::getenv("ATELIER_POWER_CUTS");
  return text == nullptr ? 300 : std::atoi(text);
}

// Works on an index in a simulated file system until the power goes, again and again.
class Victim {
 public:
  Victim(uint64_t seed, bool ignores_sync) : random_(seed, 1), files_({.seed = seed, .ignores_sync = ignores_sync}) {}

  // Empty, or what an acknowledged change has come to.
  std::string LiveOnce() {
    const bool faulty = random_.Below(3) == 0;
    files_.CutPowerAfter(1 + static_cast<int64_t>(random_.Below(150)));
    auto opened =
        HybridIndex::Open(files_, std::string(kFolder), TestSchema(), {.flush_bytes = 6000, .in_background = false});
    if (!opened.ok() && !files_.power_is_off()) return "Open: " + opened.error().Message();
    if (opened.ok()) {
      std::unique_ptr<HybridIndex> index = *std::move(opened);
      if (std::string difference = Settle(*index); !difference.empty()) return difference;
      if (faulty) files_.SetFaults({.short_write = 0.02, .failed_sync = 0.05});
      while (!files_.power_is_off()) {
        if (std::string wrong = Step(*index); !wrong.empty()) return wrong;
      }
      files_.SetFaults({});
    }
    files_.Restart();
    return {};
  }

  // With the power on: everything acknowledged is there.
  std::string Check() {
    auto index = HybridIndex::Open(files_, std::string(kFolder), TestSchema(), {.in_background = false});
    if (!index.ok()) return "Open: " + index.error().Message();
    const auto problems = (*index)->Problems();
    if (!problems.ok() || !problems->empty()) return "problems are told of an index that nothing has damaged";
    return Settle(**index);
  }

 private:
  // What was not acknowledged is there as a whole or not at all. Of several changes that failed one after the other at
  // most one is there: each gives up the file of the one before.
  std::string Settle(const HybridIndex& index) {
    const std::string difference = model_.Difference(index);
    const std::vector<IndexBatch> pending = std::move(pending_);
    pending_.clear();
    if (difference.empty()) return {};
    for (const IndexBatch& batch : pending) {
      IndexModel with = model_;
      with.Apply(batch);
      if (!with.Difference(index).empty()) continue;
      model_ = std::move(with);
      return {};
    }
    return difference;
  }

  std::string Step(HybridIndex& index) {
    const uint64_t kind = random_.Below(20);
    if (kind == 0) return static_cast<void>(index.Flush().ok()), "";
    if (kind == 1) return static_cast<void>(index.Compact().ok()), "";
    IndexBatch batch;
    for (uint64_t i = random_.Below(4); i > 0; --i) batch.put.push_back(RandomRecord(random_, RandomId(), ++version_));
    for (uint64_t i = random_.Below(3); i > 0; --i) batch.removed.push_back(RandomId());
    if (batch.put.empty() && batch.removed.empty()) return "";  // commits nothing, so it settles nothing
    const auto applied = index.Apply(batch);
    if (applied.ok()) {
      model_.Apply(batch);
      pending_.clear();
      return "";
    }
    // A write or a sync has failed, or the power went: the change must not show now. Whether it is there after a cut
    // that comes before the next change nobody can say.
    if (std::string difference = model_.Difference(index); !difference.empty()) return "after a fault: " + difference;
    pending_.push_back(std::move(batch));
    return "";
  }
  std::string RandomId() { return "r" + std::to_string(random_.Below(40)); }

  Random random_;
  SimFiles files_;
  IndexModel model_;
  std::vector<IndexBatch> pending_;
  uint64_t version_ = 0;
};

TEST(IndexCrash, PowerCutsLoseNothingThatWasAcknowledgedAndLeaveNothingHalfDone) {
  const int num_cuts = NumCuts();
  constexpr int kLives = 10;
  for (int seed = 0; seed * kLives < num_cuts; ++seed) {
    Victim victim(static_cast<uint64_t>(seed), false);
    for (int life = 0; life < kLives; ++life) {
      ASSERT_EQ(victim.LiveOnce(), "") << "seed " << seed << ", life " << life;
    }
    ASSERT_EQ(victim.Check(), "") << "seed " << seed;
  }
}

TEST(IndexCrash, WithoutSyncTheSameCutsLoseWhatWasAcknowledged) {
  int num_losses = 0;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Victim victim(seed, true);
    bool lost = false;
    for (int life = 0; life < 5 && !lost; ++life) lost = !victim.LiveOnce().empty();
    num_losses += lost || !victim.Check().empty() ? 1 : 0;
  }
  EXPECT_GE(num_losses, 8);
}

}  // namespace
}  // namespace atelier
