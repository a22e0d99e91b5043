#include "engine/accuracy.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "engine/cache/block_pool.h"
#include "engine/plan/f32_weights.h"
#include "engine/plan/plan.h"

namespace atelier {
namespace {

constexpr int32_t kRowsPerRun = 128;  // of logits held at a time: 25 MB for a vocabulary of 49,152

// Gives the logits of a piece's tokens [begin, end), each piece from its beginning; valid until the next call.
class LogitSource {
 public:
  virtual ~LogitSource() = default;
  virtual Result<std::span<const float>> Next(std::span<const int32_t> piece, int32_t begin, int32_t end) = 0;
};

// A plan with a cache of one sequence.
class PlanSource final : public LogitSource {
 public:
  static Result<std::unique_ptr<LogitSource>> Create(const Model& model, PlanWeights& weights,
                                                     const AccuracyCandidate& how, int32_t piece, Gang& gang) {
    const PlanOptions options{.max_rows = kRowsPerRun,
                              .max_outputs = kRowsPerRun,
                              .max_sequences = 1,
                              .max_threads = gang.num_threads(),
                              .cache_type = how.cache_type,
                              .isa = how.isa};
    TRY(std::unique_ptr<Plan> plan, Plan::Create(model.graph, weights, options));
    const int32_t num_blocks = piece / kBlockPositions + 1;
    TRY(BlockPool pool, BlockPool::Create(num_blocks, plan->block_bytes()));
    return std::unique_ptr<LogitSource>(new PlanSource(std::move(plan), std::move(pool), num_blocks, gang));
  }

  Result<std::span<const float>> Next(std::span<const int32_t> piece, int32_t begin, int32_t end) override {
    std::vector<int32_t> positions(static_cast<size_t>(end - begin));
    std::iota(positions.begin(), positions.end(), begin);
    std::vector<int32_t> outputs(positions.size());
    std::iota(outputs.begin(), outputs.end(), 0);
    const std::vector<int32_t> sequences(positions.size(), 0);
    Rows rows;
    rows.token = piece.subspan(static_cast<size_t>(begin), positions.size());
    rows.position = positions;
    rows.sequence = sequences;
    rows.output = outputs;
    rows.num_sequences = 1;
    const std::span<const int32_t> tables[] = {table_};
    TRY(const PlanOutputs logits,
        plan_->Run(rows, {.base = pool_.base(), .block_bytes = pool_.block_bytes(), .tables = tables}, gang_));
    return std::span<const float>(logits.values);
  }

 private:
  PlanSource(std::unique_ptr<Plan> plan, BlockPool pool, int32_t num_blocks, Gang& gang)
      : plan_(std::move(plan)), pool_(std::move(pool)), table_(static_cast<size_t>(num_blocks)), gang_(gang) {
    std::iota(table_.begin(), table_.end(), 0);
  }

  std::unique_ptr<Plan> plan_;
  BlockPool pool_;
  std::vector<int32_t> table_;
  Gang& gang_;
};

// What another program wrote: a file or a pipe, read once from its beginning.
class FileSource final : public LogitSource {
 public:
  static Result<std::unique_ptr<LogitSource>> Create(const std::string& path, int64_t vocabulary) {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) return Error::NotFound(path, std::strerror(errno));
    return std::unique_ptr<LogitSource>(new FileSource(path, file, vocabulary));
  }

  Result<std::span<const float>> Next(std::span<const int32_t> /*piece*/, int32_t begin, int32_t end) override {
    const size_t wanted = static_cast<size_t>(end - begin) * static_cast<size_t>(vocabulary_);
    logits_.resize(wanted);
    const size_t got = std::fread(logits_.data(), sizeof(float), wanted, file_.get());
    num_read_ += static_cast<int64_t>(got);
    if (got < wanted) {
      return Error::Invalid(path_, "got logits of " + std::to_string(num_read_ / vocabulary_) +
                                       " positions, want those of every piece's tokens but its last");
    }
    return std::span<const float>(logits_);
  }

 private:
  FileSource(std::string path, std::FILE* file, int64_t vocabulary)
      : path_(std::move(path)), file_(file, std::fclose), vocabulary_(vocabulary) {}

  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  int64_t vocabulary_;
  int64_t num_read_ = 0;
  std::vector<float> logits_;
};

Result<std::unique_ptr<LogitSource>> OpenSource(const Model& model, PlanWeights& weights,
                                                const AccuracyCandidate& candidate, int32_t piece, Gang& gang) {
  if (!candidate.logits_path.empty()) return FileSource::Create(candidate.logits_path, model.summary.vocabulary);
  return PlanSource::Create(model, weights, candidate, piece, gang);
}

// log of the sum of exp(x), and the largest's index.
struct Total {
  double log_sum = 0;
  size_t top = 0;
};
Total TotalOf(std::span<const float> logits) {
  Total total;
  total.top = static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  double sum = 0;
  for (const float x : logits) sum += std::exp(double{x} - logits[total.top]);
  total.log_sum = logits[total.top] + std::log(sum);
  return total;
}

// One position of the reference, and of a candidate.
struct Exact {
  std::span<const float> logits;
  Total total;
  std::vector<double> probabilities;

  explicit Exact(std::span<const float> row) : logits(row), total(TotalOf(row)), probabilities(row.size()) {
    for (size_t i = 0; i < row.size(); ++i) probabilities[i] = std::exp(row[i] - total.log_sum);
  }
};
struct Judgement {
  double kl = 0;
  double surprise = 0;  // -log of what the candidate gives the next token
  bool same_top = false;
};
Judgement Judge(const Exact& exact, std::span<const float> logits, int32_t next_token) {
  const Total total = TotalOf(logits);
  double difference = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    difference += exact.probabilities[i] * (double{exact.logits[i]} - logits[i]);
  }
  return {.kl = difference - (exact.total.log_sum - total.log_sum),
          .surprise = total.log_sum - logits[static_cast<size_t>(next_token)],
          .same_top = total.top == exact.total.top};
}

uint64_t HashBits(std::span<const float> values, uint64_t seed) {
  for (const float value : values) seed = (seed ^ std::bit_cast<uint32_t>(value)) * 0x100000001b3U;
  return seed;
}

// The sums over positions of one candidate, or of the reference.
struct Sums {
  int64_t count = 0;
  double kl = 0;
  double kl_squared = 0;
  double largest_kl = 0;
  double surprise = 0;
  int64_t same_top = 0;
  uint64_t hash = 0xcbf29ce484222325U;

  void Add(const Judgement& judgement) {
    count += 1;
    kl += judgement.kl;
    kl_squared += judgement.kl * judgement.kl;
    largest_kl = std::max(largest_kl, judgement.kl);
    surprise += judgement.surprise;
    same_top += judgement.same_top ? 1 : 0;
  }
  Accuracy Means(const std::string& name) const {
    const auto n = static_cast<double>(count);
    const double variance = std::max(0.0, kl_squared / n - kl / n * (kl / n));
    return {.name = name,
            .mean_kl = kl / n,
            .kl_error = std::sqrt(variance / n),
            .largest_kl = largest_kl,
            .top1_agreement = static_cast<double>(same_top) / n,
            .perplexity = std::exp(surprise / n),
            .logits_hash = hash};
  }
};

// Everything that is compared: sources[0] is the reference.
class Comparison {
 public:
  Comparison(std::vector<std::unique_ptr<LogitSource>> sources, int64_t vocabulary, Gang& gang)
      : sources_(std::move(sources)), sums_(sources_.size()), vocabulary_(vocabulary), gang_(gang) {}

  Result<void> Run(std::span<const int32_t> piece) {
    const auto judged = static_cast<int32_t>(piece.size()) - 1;
    for (int32_t begin = 0; begin < judged; begin += kRowsPerRun) {
      const int32_t end = std::min(judged, begin + kRowsPerRun);
      std::vector<std::span<const float>> logits;
      for (size_t i = 0; i < sources_.size(); ++i) {
        TRY(const std::span<const float> rows, sources_[i]->Next(piece, begin, end));
        logits.push_back(rows);
        sums_[i].hash = HashBits(rows, sums_[i].hash);
      }
      AddRows(logits, piece.subspan(static_cast<size_t>(begin + 1), static_cast<size_t>(end - begin)));
    }
    return {};
  }
  const std::vector<Sums>& sums() const { return sums_; }

 private:
  void AddRows(const std::vector<std::span<const float>>& logits, std::span<const int32_t> next) {
    std::vector<Judgement> judgements(next.size() * logits.size());
    const auto width = static_cast<size_t>(vocabulary_);
    gang_.Run([&](int thread, int num_threads) {
      for (auto row = static_cast<size_t>(thread); row < next.size(); row += static_cast<size_t>(num_threads)) {
        const Exact exact(logits[0].subspan(row * width, width));
        for (size_t i = 0; i < logits.size(); ++i) {
          judgements[row * logits.size() + i] = Judge(exact, logits[i].subspan(row * width, width), next[row]);
        }
      }
    });
    for (size_t at = 0; at < judgements.size(); ++at) sums_[at % logits.size()].Add(judgements[at]);
  }

  std::vector<std::unique_ptr<LogitSource>> sources_;
  std::vector<Sums> sums_;
  int64_t vocabulary_;
  Gang& gang_;
};

}  // namespace

Result<AccuracyReport> MeasureAccuracy(const Model& model, PlanWeights& weights, std::span<const int32_t> tokens,
                                       const AccuracyOptions& options, Gang& gang) {
  const auto piece = static_cast<size_t>(std::max(options.piece, 0));
  if (model.summary.task != ModelTask::kGenerate) return Error::Unsupported("model", "got no logits to compare");
  if (piece < 2) return Error::Invalid("piece", "got " + std::to_string(options.piece) + ", want 2 or more");
  if (tokens.size() < piece) {
    return Error::Invalid(
        "tokens", "got " + std::to_string(tokens.size()) + ", want at least a piece of " + std::to_string(piece));
  }
  F32Weights f32_weights(model.weights);
  std::vector<std::unique_ptr<LogitSource>> sources(1);
  const AccuracyCandidate reference{.name = "F32", .cache_type = CacheType::kF32};
  TRY(sources[0], PlanSource::Create(model, f32_weights, reference, options.piece, gang));
  for (const AccuracyCandidate& candidate : options.candidates) {
    TRY(std::unique_ptr<LogitSource> source, OpenSource(model, weights, candidate, options.piece, gang));
    sources.push_back(std::move(source));
  }
  Comparison comparison(std::move(sources), model.summary.vocabulary, gang);
  for (size_t at = 0; at + piece <= tokens.size(); at += piece) {
    TRY_VOID(comparison.Run(tokens.subspan(at, piece)));
  }
  AccuracyReport report;
  report.num_positions = comparison.sums()[0].count;
  report.perplexity = comparison.sums()[0].Means("F32").perplexity;
  for (size_t i = 0; i < options.candidates.size(); ++i) {
    report.candidates.push_back(comparison.sums()[i + 1].Means(options.candidates[i].name));
  }
  return report;
}

}  // namespace atelier
