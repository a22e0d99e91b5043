#include "knowledge/retrieve/retriever.h"

#include <algorithm>
#include <map>
#include <utility>

#include "knowledge/retrieve/embedder_profile.h"
#include "knowledge/retrieve/fusion.h"
#include "knowledge/retrieve/question_match.h"
#include "provider/embed_truncated.h"

namespace atelier {
namespace {

struct SearchResult {
  std::vector<Ranked> ranked;  // best first
  std::vector<Found> found;    // the ways each was found, by the first query that did
};

// One ranking of those of several queries: each is scaled so that its best is 1, and they are averaged by weight.
SearchResult Merge(std::vector<SearchResult> results, const std::vector<SubQuery>& queries) {
  if (results.size() == 1) return std::move(results[0]);
  std::map<std::string, double> scores;
  std::map<std::string, Found> ways;
  double weights = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    for (Found& one : results[i].found) ways.try_emplace(one.chunk_id, one);
    const std::vector<Ranked>& ranked = results[i].ranked;
    const double best = ranked.empty() ? 0 : ranked.front().score;
    weights += queries[i].weight;
    for (const Ranked& one : ranked) scores[one.chunk_id] += best > 0 ? queries[i].weight * one.score / best : 0;
  }
  SearchResult merged;
  for (const auto& [id, score] : scores) merged.ranked.push_back({id, weights > 0 ? score / weights : 0});
  std::ranges::stable_sort(merged.ranked, std::greater<>(), &Ranked::score);  // equal ones by id, as the map has them
  for (auto& [id, found] : ways) merged.found.push_back(std::move(found));
  return merged;
}

// A question of one word is said whole by whatever has it: this many terms more, which nothing has, make that say less.
constexpr double kUnsaidTerms = 0.5;

// Of the question's terms, the share that stands in what words found best.
Result<double> SaidByBest(const Corpus& corpus, const std::vector<Found>& found, const CorpusQuery& query) {
  const auto best = std::ranges::max_element(found, {}, &Found::text_score);
  if (best == found.end() || !best->text_score) return 0;
  TRY(const std::vector<Passage> passages, corpus.Passages({best->chunk_id}, query.visible));
  if (passages.empty()) return 0;
  TRY(const Analyzer analyzer, Analyzer::Create(corpus.language()));
  const Passage& passage = passages[0];
  std::vector<std::string_view> texts = {passage.title, passage.text};
  texts.insert(texts.end(), passage.chunk.heading_path.begin(), passage.chunk.heading_path.end());
  return QuestionMatch(analyzer, query.text).ShareIn(texts, kUnsaidTerms);
}

// What a backend has ranked by itself stays in its order.
std::vector<Ranked> RankedOf(const std::vector<Found>& found, const FusionConfig& fusion, double said) {
  if (found.empty() || !found[0].own_score) return Fuse(found, fusion, said);
  std::vector<Ranked> ranked;
  for (const Found& one : found) ranked.push_back({one.chunk_id, one.own_score.value_or(0)});
  return ranked;
}

// The texts of the best, with how they were found.
Result<std::vector<Passage>> PassagesOf(const Corpus& corpus, const SearchResult& result, const Filter& visible,
                                        int32_t num_wanted) {
  std::vector<std::string> ids;
  std::map<std::string_view, double> scores;
  for (const Ranked& one : result.ranked) {
    if (ids.size() == static_cast<size_t>(num_wanted)) break;
    ids.push_back(one.chunk_id);
    scores[one.chunk_id] = one.score;
  }
  TRY(std::vector<Passage> passages, corpus.Passages(ids, visible));
  std::map<std::string_view, const Found*> ways;
  for (const Found& one : result.found) ways[one.chunk_id] = &one;
  for (Passage& passage : passages) {
    passage.score = scores[passage.chunk_id];
    passage.text_score = ways[passage.chunk_id]->text_score;
    passage.vector_score = ways[passage.chunk_id]->vector_score;
  }
  return passages;
}

// Stages may leave out passages, or choose among more than are wanted.
int32_t NumLookedAt(const RetrievalConfig& config, int32_t top_k) {
  int32_t times = 1;
  for (const StageConfig& stage : config.stages) {
    const Result<const StageEntry*> entry = FindStage(stage.stage);  // an unknown one is told when it would run
    if (entry.ok()) times = std::max(times, (*entry)->looks_at);
  }
  return std::max(top_k, std::min(top_k * times, config.candidates));
}

}  // namespace

Task<Result<std::vector<std::vector<float>>>> Retriever::QueryVectors(Call call,
                                                                      const std::vector<SubQuery>& queries) const {
  std::vector<std::vector<float>> vectors(queries.size());
  if (!config_.vectors || tools_.embedder == nullptr || corpus_.embedder().empty()) co_return vectors;
  EmbeddingRequest request;
  request.model = corpus_.embedder();
  const EmbedderProfile profile = ProfileOf(request.model);
  std::vector<size_t> places;
  for (size_t i = 0; i < queries.size(); ++i) {
    if (queries[i].meaning.empty()) continue;
    const std::string& prefix = queries[i].meaning_is_passage ? profile.passage_prefix : profile.query_prefix;
    request.inputs.emplace_back(TextPrompt{prefix + queries[i].meaning});
    places.push_back(i);
  }
  if (places.empty()) co_return vectors;
  CO_TRY(Embeddings embeddings, co_await EmbedTruncated(call, *tools_.embedder, std::move(request)));
  for (size_t i = 0; i < places.size(); ++i) vectors[places[i]] = std::move(embeddings.vectors[i]);
  co_return vectors;
}

Task<Result<Retriever::Searched>> Retriever::Search(Call call, std::vector<SubQuery> queries, Filter filter,
                                                    Filter visible, int32_t num_wanted) const {
  CO_TRY(std::vector<std::vector<float>> vectors, co_await QueryVectors(call, queries));
  Searched searched;
  searched.first_vector = vectors[0];
  CorpusQuery query;
  query.filter = std::move(filter);
  query.visible = std::move(visible);
  query.stop = call.stop;
  const CorpusCapabilities capabilities = corpus_.capabilities();
  const bool ranks_itself = capabilities.Has(CorpusCapability::kOwnRanking);
  // Where nothing is fused, no more is asked for than what is wanted.
  query.top_k = ranks_itself ? num_wanted : std::max(config_.candidates, num_wanted);
  if (!config_.words && vectors[0].empty() && !capabilities.Has(CorpusCapability::kVectors)) {
    co_return capabilities.Lacks(CorpusCapability::kVectors, "retrieval");
  }
  auto search = [&]() -> Result<std::vector<Passage>> {
    std::vector<SearchResult> results;
    for (size_t i = 0; i < queries.size(); ++i) {
      // It makes what it wants of a text.
      const bool by_meaning = ranks_itself && queries[i].words.empty();
      query.text = by_meaning ? queries[i].meaning : config_.words ? queries[i].words : "";
      query.vector = std::move(vectors[i]);
      TRY(std::vector<Found> found, corpus_.Search(query));
      TRY(const double said, SaidByBest(corpus_, found, query));
      if (i == 0) searched.said = said;
      std::vector<Ranked> ranked = RankedOf(found, config_.fusion, said);
      results.push_back({std::move(ranked), std::move(found)});
    }
    return PassagesOf(corpus_, Merge(std::move(results), queries), query.visible, num_wanted);
  };
  auto searching = OnPool(pool_, search);
  CO_TRY(searched.passages, co_await searching);
  co_return searched;
}

StageTools Retriever::ToolsOf(const RetrievalRequest& request, int32_t num_wanted) const {
  StageTools tools{.model = tools_.model, .chat_model = tools_.chat_model, .corpus = corpus_, .pool = pool_};
  tools.clock = tools_.clock;
  tools.search = [this, filter = request.filter, visible = request.visible, num_wanted](
                     Call call, std::vector<SubQuery> queries) -> Task<Result<std::vector<Passage>>> {
    return SearchAgain(*this, std::move(call), std::move(queries), filter, visible, num_wanted);
  };
  return tools;
}

Task<Result<std::vector<Passage>>> Retriever::SearchAgain(const Retriever& retriever, Call call,
                                                          std::vector<SubQuery> queries, Filter filter, Filter visible,
                                                          int32_t num_wanted) {
  auto searching =
      retriever.Search(std::move(call), std::move(queries), std::move(filter), std::move(visible), num_wanted);
  CO_TRY(Searched searched, co_await searching);
  co_return std::move(searched.passages);
}

Task<Result<Retrieved>> Retriever::Retrieve(Call call, RetrievalRequest request) const {
  const bool reranks = !config_.rerank.method.empty();
  const int32_t num_wanted = std::max(reranks ? config_.rerank.candidates : 0, NumLookedAt(config_, request.top_k));
  StageState state;
  state.question = request.query;
  state.history = request.history;
  state.visible = request.visible;
  state.queries.push_back({request.query, request.query});
  const StageTools tools = ToolsOf(request, num_wanted);
  auto asking = RunStages(call, StagePlace::kQuestion, config_.stages, tools, state);
  CO_TRY_VOID(co_await asking);
  auto searching = Search(call, state.queries, request.filter, request.visible, num_wanted);
  CO_TRY(Searched searched, co_await searching);
  state.passages = std::move(searched.passages);
  if (reranks) {
    auto reranking = Rerank(call, state.question, config_.rerank, tools_, state.passages);
    CO_TRY(const std::string why, co_await reranking);
    if (!why.empty()) state.skipped.push_back("rerank: " + why);
  }
  auto finishing = RunStages(call, StagePlace::kPassages, config_.stages, tools, state);
  CO_TRY_VOID(co_await finishing);
  if (static_cast<size_t>(request.top_k) < state.passages.size()) {
    state.passages.resize(static_cast<size_t>(request.top_k));
  }
  Retrieved retrieved;
  retrieved.passages = std::move(state.passages);
  retrieved.query_vector = std::move(searched.first_vector);
  retrieved.said = searched.said;
  retrieved.question = std::move(state.question);
  retrieved.queries = std::move(state.queries);
  retrieved.skipped = std::move(state.skipped);
  retrieved.usage = state.usage;
  co_return retrieved;
}

}  // namespace atelier
