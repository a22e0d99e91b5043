// The text index on real sets; bench/text_index.py runs this beside other engines.
//
//   ATELIER_RETRIEVAL_SETS  a folder with chunks.jsonl, queries.txt and phrases.txt: rates, sizes and times of queries
//   ATELIER_SCIFACT         SciFact in BEIR layout: nDCG@10 and recall@100 of BM25, on training and test queries
//   ATELIER_LANGUAGE        of the chunks' analysis (default en)
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "base/text/json.h"
#include "knowledge/index/text/text_testing.h"

namespace atelier {
namespace {

using Clock = std::chrono::steady_clock;

std::string Folder(const char* variable) {
  const char* folder = std::getenv(variable);
  return folder == nullptr ? "" : std::string(folder) + "/";
}

std::vector<std::string> Lines(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

struct Chunks {
  std::vector<std::string> texts;
  size_t num_bytes = 0;
  Analyzer analyzer;
};

const Chunks& TheChunks() {
  static const Chunks chunks = [] {
    const char* language = std::getenv("ATELIER_LANGUAGE");
    Chunks made{{}, 0, Make(language == nullptr ? "en" : language)};
    for (const std::string& line : Lines(Folder("ATELIER_RETRIEVAL_SETS") + "chunks.jsonl")) {
      made.texts.push_back((*Json::Parse(line))["text"].AsString());
      made.num_bytes += made.texts.back().size();
    }
    return made;
  }();
  return chunks;
}

std::string IndexChunks() {
  TextSegmentBuilder builder(TheChunks().analyzer, TextSchema{});
  for (const std::string& text : TheChunks().texts) {
    const TextSegmentBuilder::Text one{0, text};
    builder.Add({&one, 1});
  }
  return builder.Finish();
}

void IndexText(benchmark::State& state) {
  if (TheChunks().texts.empty()) return state.SkipWithError("no ATELIER_RETRIEVAL_SETS");
  size_t size = 0;
  for (auto _ : state) size = IndexChunks().size();
  state.SetBytesProcessed(static_cast<int64_t>(TheChunks().num_bytes * state.iterations()));
  state.counters["segment_MB"] = static_cast<double>(size) / 1e6;
}
BENCHMARK(IndexText)->Unit(benchmark::kMillisecond);

// All lines of a file, parsed and searched; an iteration is a round of them.
void Queries(benchmark::State& state, const char* file, bool quoted) {
  if (TheChunks().texts.empty()) return state.SkipWithError("no ATELIER_RETRIEVAL_SETS");
  static const Stored stored(IndexChunks());
  const TextView view({{stored.segment.get(), nullptr}});
  std::vector<std::string> lines = Lines(Folder("ATELIER_RETRIEVAL_SETS") + file);
  for (std::string& line : lines) line = quoted ? '"' + line + '"' : line;
  std::vector<double> best_us(lines.size(), 1e9);
  double num_matching = 0, best_round_us = 1e18;
  for (auto _ : state) {
    double round_us = num_matching = 0;
    for (size_t i = 0; i < lines.size(); ++i) {
      const auto begin = Clock::now();
      const TextHits hits = view.Search(ParseTextQuery(lines[i], TheChunks().analyzer, TextSchema{}));
      const double us = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
      num_matching += static_cast<double>(hits.num_matching);
      best_us[i] = std::min(best_us[i], us);
      round_us += us;
    }
    best_round_us = std::min(best_round_us, round_us);
  }
  std::sort(best_us.begin(), best_us.end());
  state.counters["best_round_qps"] = static_cast<double>(lines.size()) * 1e6 / best_round_us;
  state.counters["p50_us"] = best_us[best_us.size() / 2];
  state.counters["p99_us"] = best_us[best_us.size() * 99 / 100];
  state.counters["num_matching"] = num_matching;
}
BENCHMARK_CAPTURE(Queries, or_words, "queries.txt", false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Queries, phrases, "phrases.txt", true)->Unit(benchmark::kMillisecond);

struct SciFact {
  std::vector<std::string> ids;
  std::map<std::string, std::string> queries;
  Analyzer analyzer;
  std::unique_ptr<Stored> stored;
};

const SciFact& TheSciFact() {
  static const SciFact set = [] {
    SciFact made{{}, {}, Make("en"), nullptr};
    TextSegmentBuilder builder(made.analyzer, TextSchema{{{"body", 1}, {"title", 1}}});
    for (const std::string& line : Lines(Folder("ATELIER_SCIFACT") + "corpus.jsonl")) {
      const Json document = *Json::Parse(line);
      AddRecord(builder, {document["text"].AsString(), document["title"].AsString()});
      made.ids.push_back(document["_id"].AsString());
    }
    for (const std::string& line : Lines(Folder("ATELIER_SCIFACT") + "queries.jsonl")) {
      const Json query = *Json::Parse(line);
      made.queries[query["_id"].AsString()] = query["text"].AsString();
    }
    made.stored = std::make_unique<Stored>(builder.Finish());
    return made;
  }();
  return set;
}

std::map<std::string, std::set<std::string>> Judgements(const std::string& split) {
  std::map<std::string, std::set<std::string>> relevant;
  for (const std::string& line : Lines(Folder("ATELIER_SCIFACT") + "qrels/" + split + ".tsv")) {
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    if (second == line.npos || line.substr(second + 1, 1) != "1") continue;
    relevant[line.substr(0, first)].insert(line.substr(first + 1, second - first - 1));
  }
  return relevant;
}

// k1 and b come in hundredths.
void RankingQuality(benchmark::State& state, const char* split) {
  const SciFact& set = TheSciFact();
  if (set.ids.empty()) return state.SkipWithError("no ATELIER_SCIFACT");
  const TextRanking ranking{static_cast<double>(state.range(0)) / 100, static_cast<double>(state.range(1)) / 100};
  const TextView view({{set.stored->segment.get(), nullptr}}, ranking);
  const auto relevant = Judgements(split);
  double ndcg = 0, recall = 0;
  for (auto _ : state) {
    ndcg = recall = 0;
    for (const auto& [id, wanted] : relevant) {
      const TextHits hits = view.Search(WordsQuery(set.queries.at(id), set.analyzer), {.top_k = 100});
      double gain = 0, best = 0, found = 0;
      for (size_t i = 0; i < hits.hits.size(); ++i) {
        if (!wanted.contains(set.ids[hits.hits[i].record])) continue;
        ++found;
        if (i < 10) gain += 1 / std::log2(static_cast<double>(i) + 2);
      }
      for (size_t i = 0; i < std::min<size_t>(10, wanted.size()); ++i)
        best += 1 / std::log2(static_cast<double>(i) + 2);
      ndcg += gain / best;
      recall += found / static_cast<double>(wanted.size());
    }
  }
  state.counters["nDCG@10"] = ndcg / static_cast<double>(relevant.size());
  state.counters["recall@100"] = recall / static_cast<double>(relevant.size());
}
BENCHMARK_CAPTURE(RankingQuality, train, "train")
    ->ArgsProduct({{60, 80, 90, 100, 110, 120, 150}, {40, 60, 75, 90}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(RankingQuality, test, "test")->Args({120, 75})->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace atelier
