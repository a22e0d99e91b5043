#include "eval/ranking_examples.h"

#include <utility>

#include "base/text/json.h"
#include "knowledge/index/text/analyzer.h"
#include "knowledge/retrieve/max_sim_scores.h"

namespace atelier {

Task<Result<std::vector<RankingExample>>> CollectRankingExamples(Call call, const JudgedSet& set, const Corpus& corpus,
                                                                 const Retriever& retriever, int32_t candidates,
                                                                 RankerTools tools,
                                                                 std::function<void(size_t num_done)> on_progress) {
  CO_TRY(const Analyzer analyzer, Analyzer::Create(corpus.language()));
  tools.embedding_model = corpus.embedder(), tools.language = corpus.language();
  const RerankConfig config;
  std::vector<RankingExample> examples;
  for (const JudgedSet::Text& query : set.queries) {
    RetrievalRequest request;
    request.query = query.text;
    request.top_k = candidates;
    CO_TRY(Retrieved retrieved, co_await retriever.Retrieve(call, std::move(request)));
    std::erase_if(retrieved.passages, [&query](const Passage& passage) { return passage.document_id == query.id; });
    std::vector<double> max_sim;
    if (tools.embedder != nullptr && !retrieved.passages.empty()) {
      const RankRequest ranked{query.text, retrieved.passages, config, tools};
      CO_TRY(max_sim, co_await MaxSimScores(call, ranked));
    }
    RankingExample& example = examples.emplace_back();
    example.query_id = query.id;
    example.judged = set.judgements.at(query.id);
    for (const Passage& passage : retrieved.passages) example.document_ids.push_back(passage.document_id);
    example.features = RankFeaturesOf(analyzer, query.text, retrieved.passages, max_sim);
    if (on_progress) on_progress(examples.size());
  }
  co_return examples;
}

void LeaveOut(const std::vector<RankFeature>& figures, std::vector<RankingExample>& examples) {
  for (RankingExample& example : examples) {
    for (RankFeatures& of : example.features) {
      for (const RankFeature figure : figures) of[static_cast<size_t>(figure)] = 0;
    }
  }
}

std::string FigureLines(const std::vector<RankingExample>& examples) {
  std::string lines;
  for (const RankingExample& example : examples) {
    for (size_t i = 0; i < example.features.size(); ++i) {
      const auto judged = example.judged.find(example.document_ids[i]);
      Json line = Json::Object({{"query", example.query_id},
                                {"document", example.document_ids[i]},
                                {"judgement", judged == example.judged.end() ? 0 : judged->second}});
      for (size_t f = 0; f < kNumRankFeatures; ++f) {
        line.Set(RankFeatureNames()[f], example.features[i][f]);
      }
      lines += line.Dump() + "\n";
    }
  }
  return lines;
}

}  // namespace atelier
