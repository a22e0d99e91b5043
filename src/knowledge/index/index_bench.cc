// What a filter and a hybrid question cost. One thread.
//
//   build/release/atelier_knowledge_index_bench
#include <benchmark/benchmark.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/io/sim_files.h"
#include "knowledge/index/hybrid_index.h"
#include "knowledge/index/index_testing.h"
#include "knowledge/index/segment.h"

namespace atelier {
namespace {

constexpr uint32_t kFilterRecords = 100'000;
constexpr uint32_t kChunks = 46'000;
constexpr int32_t kDimensions = 384;

Json Attributes(Random& random) {
  Json attributes = Json::Object();
  attributes.Set("year", static_cast<int64_t>(1925 + random.Below(100)));
  attributes.Set("lang", "l" + std::to_string(random.Below(10)));
  attributes.Set("path", "docs/" + std::to_string(random.Below(200)) + "/" + std::to_string(random.Below(500)) + ".md");
  attributes.Set("score", random.Uniform());
  attributes.Set("open", random.Below(2) == 0);
  return attributes;
}

std::shared_ptr<const Segment> FilterSegment() {
  Random random(1);
  std::vector<IndexRecord> records(kFilterRecords);
  std::vector<const IndexRecord*> pointers;
  for (uint32_t i = 0; i < kFilterRecords; ++i) {
    records[i].id = "r" + std::to_string(i);
    records[i].attributes = Attributes(random);
    pointers.push_back(&records[i]);
  }
  NewSegment made = BuildSegment(pointers, TestSchema()).value();
  return Segment::Open(SegmentFile::InMemory(made.num_records, std::move(made.sections)), TestSchema()).value();
}

using Op = Filter::Op;

// Each of about 1% of the records, another one each time.
Filter FilterOf(int64_t kind, uint64_t i) {
  const double low = static_cast<double>(i % 97) / 100;
  const std::string lang = "l" + std::to_string(i % 10);
  switch (kind) {
    case 0: return Filter::Compare(Op::kEq, "year", static_cast<int64_t>(1925 + i % 100));
    case 1:
      return Filter::And({Filter::Compare(Op::kGte, "score", low), Filter::Compare(Op::kLt, "score", low + 0.01)});
    case 2:
      return Filter::And({Filter::Compare(Op::kEq, "lang", lang), Filter::Compare(Op::kGte, "score", low),
                          Filter::Compare(Op::kLt, "score", low + 0.1)});
    default: return Filter::Compare(Op::kGlob, "path", "docs/" + std::to_string(i % 200) + "/1*.md");
  }
}

void EvaluateFilter(benchmark::State& state) {
  static const std::shared_ptr<const Segment> segment = FilterSegment();
  uint64_t i = 0;
  int64_t num_found = 0;
  for (auto _ : state) {
    const Bitmap found = segment->Evaluate(FilterOf(state.range(0), i++));
    benchmark::DoNotOptimize(found.words().data());
    if (i <= 1000) num_found += found.Count();
  }
  state.counters["share"] =
      static_cast<double>(num_found) / static_cast<double>(std::min<uint64_t>(i, 1000)) / kFilterRecords;
}
BENCHMARK(EvaluateFilter)->DenseRange(0, 3);

// Words by Zipf's law.
std::string Word(Random& random) {
  return "w" + std::to_string(static_cast<int64_t>(std::exp(random.Uniform() * std::log(50'000.0))));
}

std::string Words(Random& random, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += Word(random) + " ";
  return text;
}

std::vector<float> Vector(Random& random) {
  std::vector<float> vector(kDimensions);
  for (float& number : vector) number = static_cast<float>(random.Normal());
  return vector;
}

std::unique_ptr<HybridIndex> ChunkIndex(SimFiles& files) {
  IndexSchema schema;
  schema.embedder = "bench";
  schema.dimensions = kDimensions;
  auto index = HybridIndex::Open(files, "/bench", schema, {.in_background = false}).value();
  Random random(2);
  for (uint32_t i = 0; i < kChunks;) {
    IndexBatch batch;
    for (int k = 0; k < 500 && i < kChunks; ++k, ++i) {
      batch.put.push_back({.id = "c" + std::to_string(i),
                           .texts = {{"body", Words(random, 120)}},
                           .vector = Vector(random),
                           .attributes = Attributes(random)});
    }
    if (!index->Apply(std::move(batch)).ok()) return nullptr;
  }
  return index->Compact().ok() ? std::move(index) : nullptr;
}

void HybridQuery(benchmark::State& state) {
  static SimFiles files;
  static const std::unique_ptr<HybridIndex> index = ChunkIndex(files);
  Random random(3);
  uint64_t i = 0;
  for (auto _ : state) {
    IndexQuery query;
    query.text = Words(random, 5);
    if (state.range(0) != 2) query.vector = Vector(random);
    if (state.range(0) == 1) query.filter = FilterOf(1, i++);
    const auto hits = index->Search(query);
    benchmark::DoNotOptimize(hits.value().by_text.data());
  }
  state.counters["segments"] = static_cast<double>(index->Stats().value().num_segments);
}
BENCHMARK(HybridQuery)->ArgName("0_both_1_filtered_2_words")->DenseRange(0, 2);

}  // namespace
}  // namespace atelier
