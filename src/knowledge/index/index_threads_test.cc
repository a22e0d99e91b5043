// Many writers beside many readers, and many indexes in one process.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/io/sim_files.h"
#include "knowledge/index/hybrid_index.h"
#include "knowledge/index/index_testing.h"

namespace atelier {
namespace {

constexpr int kNumWriters = 50;
constexpr int kCommitsEach = 12;

// Two records of one writer, always of the same round.
IndexBatch PairOf(int writer, int round) {
  IndexBatch batch;
  for (const std::string_view half : {"left", "right"}) {
    IndexRecord record;
    record.id = "w" + std::to_string(writer) + "/" + std::string(half);
    record.texts = {{"body", "pair number" + std::to_string(round)}};
    record.vector = {static_cast<float>(writer), 1, 2, 3};
    record.attributes = Json::Object({{"w" + std::to_string(writer), round}});
    batch.put.push_back(std::move(record));
  }
  return batch;
}

TEST(IndexThreads, FiftyWritersAndReadersSeeWholeCommits) {
  SimFiles files;
  auto index = HybridIndex::Open(files, "/x", TestSchema(), {.flush_bytes = 20'000}).value();
  std::atomic<int> num_writing = kNumWriters;
  std::atomic<int64_t> num_reads = 0, num_wrong = 0, num_failed = 0;
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kNumWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (int round = 1; round <= kCommitsEach; ++round)
        num_failed += index->Apply(PairOf(writer, round)).ok() ? 0 : 1;
      --num_writing;
    });
  }
  for (int reader = 0; reader < 4; ++reader) {
    threads.emplace_back([&, reader] {
      Random random(static_cast<uint64_t>(reader));
      do {
        IndexQuery query;
        query.text = "pair";
        query.vector = {1, 2, 3, 4};
        query.facets = {"w" + std::to_string(random.Below(kNumWriters))};
        const auto hits = index->Search(query);
        if (!hits.ok()) {
          ++num_failed;
          continue;
        }
        const auto& values = hits->facets[0].values;
        const bool whole = values.empty() || (values.size() == 1 && values[0].count == 2);
        num_wrong += whole && hits->num_matching_text % 2 == 0 ? 0 : 1;
        ++num_reads;
      } while (num_writing > 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_wrong, 0);
  EXPECT_EQ(num_failed, 0);
  EXPECT_GT(num_reads, 0);
  EXPECT_EQ(index->Count({}, {}).value(), 2 * kNumWriters);
  index.reset();
  index = HybridIndex::OpenExisting(files, "/x").value();
  for (int writer = 0; writer < kNumWriters; ++writer) {
    EXPECT_EQ(index->Count(Filter::Compare(Filter::Op::kEq, "w" + std::to_string(writer), kCommitsEach), {}).value(),
              2);
  }
}

int64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// ATELIER_COLLECTIONS sets how many (default 30). 2,000 of them must stay under 200 MB.
TEST(IndexThreads, ManySmallCollectionsTakeLittleMemory) {
  const char* text = std::getenv("ATELIER_COLLECTIONS");
  const int num_collections = text == nullptr ? 30 : std::atoi(text);
  std::string folder = testing::TempDir() + "atelier_collections_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  Files& files = Files::Real();
  Random random(1);
  for (int i = 0; i < num_collections; ++i) {
    auto index = HybridIndex::Open(files, JoinPath(folder, std::to_string(i)), TestSchema()).value();
    IndexBatch batch;
    for (uint64_t k = 0; k < 3; ++k) batch.put.push_back(RandomRecord(random, std::to_string(k), k));
    ASSERT_TRUE(index->Apply(std::move(batch)).ok());
  }
  const int64_t before = ResidentBytes();
  std::vector<std::unique_ptr<HybridIndex>> open;
  for (int i = 0; i < num_collections; ++i) {
    open.push_back(HybridIndex::OpenExisting(files, JoinPath(folder, std::to_string(i))).value());
    IndexQuery query;
    query.text = "river";
    ASSERT_TRUE(open.back()->Search(query).ok());
  }
  const int64_t each = (ResidentBytes() - before) / num_collections;
  RecordProperty("bytes_each", std::to_string(each));
  printf("%d collections: %lld bytes each\n", num_collections, static_cast<long long>(each));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(each, 100'000);
#endif
  open.clear();
  ASSERT_TRUE(RemoveTree(files, folder).ok());
}

}  // namespace
}  // namespace atelier
