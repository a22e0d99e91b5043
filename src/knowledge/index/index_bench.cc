// What a filter, a filtered search by vector and a hybrid question cost. One thread.
//
//   ATELIER_RETRIEVAL_SETS=FOLDER build/release/atelier_knowledge_index_bench
//
// The folder holds chunks.jsonl and queries.txt of make_retrieval_sets.py, and base.f32 and query.f32 as
// bench/vector_table.py writes them with --folder. Without it filters alone are measured.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/io/sim_files.h"
#include "base/random.h"
#include "base/text/json.h"
#include "knowledge/index/hybrid_index.h"
#include "knowledge/index/index_testing.h"
#include "knowledge/index/segment.h"

namespace atelier {
namespace {

constexpr uint32_t kFilterRecords = 100'000;
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

// The sets, as they lie on the disk.
struct Sets {
  std::string folder;
  std::vector<std::string> queries;
  std::vector<float> base, query;  // [.][kDimensions]
};

std::vector<std::string> Lines(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<float> Floats(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::memcpy(floats.data(), bytes.data(), floats.size() * sizeof(float));
  return floats;
}

const Sets* TheSets() {
  static const std::optional<Sets> sets = []() -> std::optional<Sets> {
    const char* folder = std::getenv("ATELIER_RETRIEVAL_SETS");
    if (folder == nullptr) return {};
    const std::string at = std::string(folder) + "/";
    return Sets{at, Lines(at + "queries.txt"), Floats(at + "base.f32"), Floats(at + "query.f32")};
  }();
  return sets ? &*sets : nullptr;
}

std::vector<float> Row(const std::vector<float>& rows, uint64_t i) {
  const auto at = rows.begin() + static_cast<std::ptrdiff_t>(i % (rows.size() / kDimensions) * kDimensions);
  return {at, at + kDimensions};
}

// As many records as there are texts, or vectors where there are none, each with its attributes.
std::unique_ptr<HybridIndex> MakeIndex(SimFiles& files, const Sets& sets, const std::vector<std::string>& texts) {
  IndexSchema schema;
  schema.fields = {{.name = "body"}};
  schema.embedder = "bench";
  schema.dimensions = kDimensions;
  auto index = HybridIndex::Open(files, "/bench", schema, {.in_background = false}).value();
  Random random(2);
  const size_t num = texts.empty() ? sets.base.size() / kDimensions : texts.size();
  for (size_t i = 0; i < num;) {
    IndexBatch batch;
    for (int k = 0; k < 500 && i < num; ++k, ++i) {
      IndexRecord& record = batch.put.emplace_back();
      record.id = "c" + std::to_string(i);
      if (!texts.empty()) record.texts = {{"body", texts[i]}};
      record.vector = Row(sets.base, i);
      record.attributes = Attributes(random);
    }
    CHECK(index->Apply(std::move(batch)).ok());
  }
  CHECK(index->Compact().ok());
  return index;
}

const HybridIndex& VectorIndex() {
  static SimFiles files;
  static const std::unique_ptr<HybridIndex> index = MakeIndex(files, *TheSets(), {});
  return *index;
}

const HybridIndex& ChunkIndex() {
  static SimFiles files;
  static const std::unique_ptr<HybridIndex> index = [] {
    std::vector<std::string> texts;
    for (const std::string& line : Lines(TheSets()->folder + "chunks.jsonl")) {
      texts.push_back((*Json::Parse(line))["text"].AsString());
    }
    return MakeIndex(files, *TheSets(), texts);
  }();
  return *index;
}

// Times each query alone: the mean is the benchmark's, the percentiles are counters.
template <class MakeQuery>
void Ask(benchmark::State& state, const HybridIndex& index, MakeQuery make) {
  std::vector<double> times;
  uint64_t i = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const IndexQuery query = make(i++);
    state.ResumeTiming();
    const auto start = std::chrono::steady_clock::now();
    const auto hits = index.Search(query);
    times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    CHECK(hits.ok());
    benchmark::DoNotOptimize(hits->by_vector.data());
  }
  std::sort(times.begin(), times.end());
  state.counters["p50_us"] = times[times.size() / 2];
  state.counters["p99_us"] = times[times.size() * 99 / 100];
  state.counters["segments"] = static_cast<double>(index.Stats()->num_segments);
}

// The bar of filters: 100,000 vectors, a filter of 1% of them, another for each query, nothing missed.
void FilteredVectors(benchmark::State& state) {
  if (TheSets() == nullptr) return state.SkipWithError("ATELIER_RETRIEVAL_SETS is not set");
  Ask(state, VectorIndex(), [&state](uint64_t i) {
    IndexQuery query;
    query.vector = Row(TheSets()->query, i);
    query.filter = FilterOf(state.range(0), i);
    query.recall = 1;
    return query;
  });
}
BENCHMARK(FilteredVectors)->DenseRange(0, 3)->UseRealTime();

void HybridQuery(benchmark::State& state) {
  if (TheSets() == nullptr) return state.SkipWithError("ATELIER_RETRIEVAL_SETS is not set");
  Ask(state, ChunkIndex(), [&state](uint64_t i) {
    IndexQuery query;
    query.text = TheSets()->queries[i % TheSets()->queries.size()];
    if (state.range(0) != 2) query.vector = Row(TheSets()->query, i);
    if (state.range(0) == 1) query.filter = FilterOf(1, i);
    return query;
  });
}
BENCHMARK(HybridQuery)->ArgName("0_both_1_filtered_2_words")->DenseRange(0, 2)->UseRealTime();

}  // namespace
}  // namespace atelier
