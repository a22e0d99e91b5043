// Our side of bench/vector_table.py: builds a segment from a file of floats, or searches one and prints what it took.
//
//   build BASE DIMENSIONS OUT [threads] [similarity: ip cosine l2]
//   search SEGMENT QUERIES TRUTH RECALL [single|batch|filter] [plan: auto exact codes partitions] [share allowed: 0.01]
// BASE, QUERIES: little-endian f32; TRUTH: u32 [queries][10]. One JSON object on stdout.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "base/bitmap.h"
#include "base/check.h"
#include "base/io/mapped_file.h"
#include "base/random.h"
#include "knowledge/index/vector/vector_segment.h"
#include "knowledge/index/vector/vector_segment_builder.h"

namespace atelier {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Of all threads: what a busy machine leaves comparable.
double ProcessorSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

MappedFile OpenFile(const std::string& path) {
  auto file = MappedFile::Open(path);
  CHECK_MSG(file.ok(), file.ok() ? "" : file.error().Message());
  return std::move(file).value();
}

template <class T>
std::span<const T> ArrayOf(const MappedFile& file) {
  return {reinterpret_cast<const T*>(file.bytes().data()), file.size() / sizeof(T)};
}

int Build(const std::vector<std::string>& args) {
  const MappedFile base = OpenFile(args.at(1));
  const size_t n = std::stoul(args.at(2));
  const std::string similarity = args.size() > 5 ? args[5] : "ip";
  const VectorSpace space{.dimensions = static_cast<int32_t>(n),
                          .similarity = similarity == "l2"       ? Similarity::kL2
                                        : similarity == "cosine" ? Similarity::kCosine
                                                                 : Similarity::kInnerProduct};
  const std::span<const float> all = ArrayOf<float>(base);
  const auto start = Clock::now();
  const double processor_start = ProcessorSeconds();
  VectorSegmentBuilder builder(space);
  const auto num = static_cast<uint32_t>(all.size() / n);
  for (uint32_t i = 0; i < num; ++i) CHECK(builder.Add(i, all.subspan(i * n, n)).ok());
  const std::vector<std::byte> bytes = builder.Build(num, {.num_threads = args.size() > 4 ? std::stoi(args[4]) : 1});
  const double seconds = SecondsSince(start);
  const double processor = ProcessorSeconds() - processor_start;
  std::ofstream(args.at(3), std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const auto segment = VectorSegment::Open(bytes);
  CHECK(segment.ok());
  std::printf(
      "{\"build_s\": %.3f, \"processor_s\": %.3f, \"bytes_beside\": %.2f, \"partitions\": %u, \"code_bytes\": %.0f}\n",
      seconds, processor, static_cast<double>(segment->BytesBesideVectors()) / num, segment->num_partitions(),
      segment->CodeBytesOfVector());
  return 0;
}

// A share of the records, other ones for each query.
Bitmap FilterOf(uint32_t num_records, double share, uint64_t seed) {
  Bitmap allowed(num_records);
  Random random(seed);
  for (uint32_t i = 0; i < num_records; ++i) {
    if (random.Uniform() < share) allowed.Add(i);
  }
  return allowed;
}

double RecallOf(const std::vector<VectorHit>& hits, std::span<const uint32_t> truth) {
  int found = 0;
  for (const VectorHit& hit : hits) {
    for (const uint32_t id : truth) found += hit.id == id;
  }
  return found / static_cast<double>(truth.size());
}

VectorPlan PlanNamed(const std::string& name) {
  return name == "exact"        ? VectorPlan::kExact
         : name == "codes"      ? VectorPlan::kCodes
         : name == "partitions" ? VectorPlan::kPartitions
                                : VectorPlan::kAuto;
}

int SearchAll(const std::vector<std::string>& args) {
  const MappedFile file = OpenFile(args.at(1));
  const MappedFile query_file = OpenFile(args.at(2));
  const MappedFile truth_file = OpenFile(args.at(3));
  const std::string mode = args.size() > 5 ? args[5] : "single";
  const auto segment = VectorSegment::Open(file.bytes());
  CHECK_MSG(segment.ok(), segment.ok() ? "" : segment.error().Message());
  const size_t n = static_cast<size_t>(segment->space().dimensions);
  const std::span<const float> all = ArrayOf<float>(query_file);
  std::vector<std::vector<uint32_t>> truth;
  std::vector<VectorQuery> queries;
  std::vector<VectorSearchStats> stats(all.size() / n);
  std::vector<Bitmap> filters;
  if (mode == "filter") {
    const double share = args.size() > 7 ? std::stod(args[7]) : 0.01;
    for (size_t i = 0; i < stats.size(); ++i) filters.push_back(FilterOf(segment->num_records(), share, i));
  }
  for (size_t i = 0; i < stats.size(); ++i) {
    queries.push_back({.vector = all.subspan(i * n, n),
                       .recall = std::stod(args.at(4)),
                       .allowed = filters.empty() ? nullptr : &filters[i],
                       .plan = PlanNamed(args.size() > 6 ? args[6] : "auto"),
                       .stats = &stats[i]});
    truth.emplace_back();
    if (filters.empty()) {
      const auto row = ArrayOf<uint32_t>(truth_file).subspan(i * 10, 10);
      truth.back().assign(row.begin(), row.end());
    } else {
      VectorQuery exact = queries.back();
      exact.plan = VectorPlan::kExact;
      for (const VectorHit& hit : segment->Search(exact)) truth.back().push_back(hit.id);
    }
  }
  std::vector<std::vector<VectorHit>> hits;
  double best = 1e9;
  double best_processor = 1e9;
  for (int round = 0; round < 3; ++round) {
    const auto start = Clock::now();
    const double processor_start = ProcessorSeconds();
    if (mode == "batch") {
      hits = segment->SearchBatch(queries);
    } else {
      hits.clear();
      for (const VectorQuery& query : queries) hits.push_back(segment->Search(query));
    }
    best = std::min(best, SecondsSince(start));
    best_processor = std::min(best_processor, ProcessorSeconds() - processor_start);
  }
  double recall = 0;
  double codes = 0;
  double rows = 0;
  for (size_t i = 0; i < hits.size(); ++i) {
    recall += RecallOf(hits[i], truth[i]) / static_cast<double>(hits.size());
    codes += static_cast<double>(stats[i].num_codes) / static_cast<double>(hits.size());
    rows += static_cast<double>(stats[i].num_rows) / static_cast<double>(hits.size());
  }
  std::printf(
      "{\"qps\": %.0f, \"processor_us\": %.2f, \"recall\": %.4f, \"codes\": %.0f, \"rows\": %.0f, \"plan\": %d}\n",
      static_cast<double>(hits.size()) / best, best_processor * 1e6 / static_cast<double>(hits.size()), recall, codes,
      rows, static_cast<int>(stats[0].plan));
  return 0;
}

}  // namespace
}  // namespace atelier

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (!args.empty() && args[0] == "build") return atelier::Build(args);
  if (!args.empty() && args[0] == "search") return atelier::SearchAll(args);
  std::fprintf(stderr, "vector_bench: want 'build' or 'search'; see the head of vector_bench.cc\n");
  return 2;
}
