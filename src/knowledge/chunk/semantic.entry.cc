// Semantic: cuts where the text turns to something else. Each sentence is embedded with its neighbours (`window` on
// each side); where two of these that follow one another are further apart than a percentile of all such distances,
// there is a cut. What is still over the limit is cut between sentences.
#include <algorithm>
#include <cmath>

#include "knowledge/chunk/finish.h"
#include "knowledge/chunk/packing.h"
#include "knowledge/chunk/sentence_spans.h"

namespace atelier {
namespace {

constexpr int64_t kDefaultWindow = 1;
constexpr double kDefaultPercentile = 90;
constexpr size_t kBatch = 64;      // texts a request: no queue is filled by one document
constexpr double kBreakCost = -2;  // more than a chunk's empty share can cost, so a break is always taken
constexpr double kSentenceCost = 0.05;

double Distance(const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  const double norms = std::sqrt(aa * bb);
  return norms > 0 ? 1 - dot / norms : 1;
}

// The value below which `percentile` of the values lie, between two of them in proportion.
double Percentile(std::vector<double> values, double percentile) {
  std::ranges::sort(values);
  const double place = percentile / 100 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (place - static_cast<double>(below));
}

// Each sentence with its neighbours, as far as it fits the limit.
std::vector<std::string> WindowTexts(const Measure& measure, const std::vector<TextSpan>& sentences, int64_t window,
                                     int64_t limit) {
  std::vector<std::string> texts;
  const auto n = static_cast<int64_t>(sentences.size());
  for (int64_t i = 0; i < n; ++i) {
    TextSpan span = sentences[static_cast<size_t>(i)];
    for (int64_t step = 1; step <= window; ++step) {
      const TextSpan wider{sentences[static_cast<size_t>(std::max<int64_t>(0, i - step))].begin,
                           sentences[static_cast<size_t>(std::min(n - 1, i + step))].end};
      if (!measure.Fits(wider, limit)) break;
      span = wider;
    }
    texts.emplace_back(TextOf(measure.text(), span));
  }
  return texts;
}

Task<Result<std::vector<double>>> Distances(Call call, ChunkTools tools, std::vector<std::string> texts) {
  std::vector<double> distances;
  std::vector<float> before;
  for (size_t first = 0; first < texts.size(); first += kBatch) {
    EmbeddingRequest request;
    request.model = tools.embedding_model;
    for (size_t i = first; i < std::min(texts.size(), first + kBatch); ++i) {
      request.inputs.emplace_back(TextPrompt{std::move(texts[i])});
    }
    const size_t wanted = request.inputs.size();
    CO_TRY(Embeddings embeddings, co_await tools.embedder->Embed(call, std::move(request)));
    if (embeddings.vectors.size() != wanted) {
      co_return Error::Unavailable(tools.embedding_model, "got " + std::to_string(embeddings.vectors.size()) +
                                                              " vectors, want " + std::to_string(wanted));
    }
    for (std::vector<float>& vector : embeddings.vectors) {
      if (!before.empty()) distances.push_back(Distance(before, vector));
      before = std::move(vector);
    }
  }
  co_return distances;
}

Task<Result<Chunking>> SplitByMeaning(Call call, ChunkInput input) {
  if (input.tools.embedder == nullptr) {
    co_return Error::Unsupported("method", "got semantic, want an embedder: none is configured");
  }
  const Measure measure(input.document.text, input.limits.unit, input.tools.counter.get());
  const int64_t limit = input.limits.limit - input.limits.overlap;
  const std::vector<TextSpan> sentences = SentenceSpans(measure, limit);
  std::vector<CutPlace> places;
  if (sentences.size() > 1) {
    std::vector<std::string> texts =
        WindowTexts(measure, sentences, input.options.window.value_or(kDefaultWindow), limit);
    CO_TRY(const std::vector<double> distances, co_await Distances(std::move(call), input.tools, std::move(texts)));
    const double threshold = Percentile(distances, input.options.percentile.value_or(kDefaultPercentile));
    for (size_t i = 0; i < distances.size(); ++i) {
      places.push_back({sentences[i + 1].begin, distances[i] > threshold ? kBreakCost : kSentenceCost});
    }
  }
  const TextSpan all{0, static_cast<int64_t>(input.document.text.size())};
  std::vector<TextSpan> parts = Pack(measure, all, std::move(places), limit);
  Overlap(measure, input.limits.overlap, input.limits.limit, parts);
  co_return ChunksOf(input, parts);
}

constexpr std::string_view kKeys[] = {"percentile", "window"};

}  // namespace

extern const ChunkerEntry chunker_semantic{"semantic",    "where the meaning of the sentences turns", kKeys, 0, nullptr,
                                           SplitByMeaning};

}  // namespace atelier
