#include "eval/retrieval_eval.h"

#include <chrono>
#include <limits>
#include <set>
#include <utility>

namespace atelier {
namespace {

constexpr size_t kPartsAtOnce = 512;     // embedded and committed together
constexpr int32_t kDocumentsSeen = 100;  // the deepest figure
constexpr int32_t kChunksSeen = 300;     // enough for as many documents, as most have one or two

Document DocumentOf(const JudgedSet::Text& text) {
  Document document;
  document.id = text.id;
  document.media_type = "text/plain";
  document.title = text.title;
  document.text = text.text;
  document.attributes = Json::Object();
  return document;
}

Result<std::set<std::string>> IdsIn(const Corpus& corpus) {
  TRY(const auto listings, corpus.List({}, {}, "", std::numeric_limits<int32_t>::max()));
  std::set<std::string> ids;
  for (const DocumentListing& listing : listings) ids.insert(listing.id);
  return ids;
}

Task<Result<void>> Commit(Call call, std::vector<Prepared> waiting, Corpus& corpus, PreparationConfig config,
                          PreparationTools tools) {
  CO_TRY([[maybe_unused]] const int64_t num_embedded, co_await EmbedPrepared(call, waiting, corpus, config, tools));
  auto put = [&] { return PutPrepared(std::move(waiting), corpus); };
  auto putting = OnPool(*tools.pool, put);
  co_return co_await putting;
}

std::vector<std::string> DocumentsOf(const std::vector<Passage>& passages, const std::string& query_id) {
  std::vector<std::string> ids;
  std::set<std::string_view> seen;
  for (const Passage& passage : passages) {
    if (passage.document_id == query_id || !seen.insert(passage.document_id).second) continue;
    ids.push_back(passage.document_id);
    if (ids.size() == static_cast<size_t>(kDocumentsSeen)) break;
  }
  return ids;
}

}  // namespace

Task<Result<void>> IndexJudgedSet(Call call, const JudgedSet& set, Corpus& corpus, PreparationConfig config,
                                  PreparationTools tools, std::function<void(size_t num_done)> on_progress) {
  CO_TRY(const std::set<std::string> there, IdsIn(corpus));
  std::vector<Prepared> waiting;
  size_t num_parts = 0;
  for (size_t i = 0; i < set.documents.size(); ++i) {
    if (!there.contains(set.documents[i].id)) {
      std::vector<Document> documents;
      documents.push_back(DocumentOf(set.documents[i]));
      SourceState no_file;
      CO_TRY(Prepared prepared,
             co_await CutDocuments(call, set.documents[i].id, std::move(no_file), std::move(documents), config, tools));
      num_parts += prepared.num_parts();
      waiting.push_back(std::move(prepared));
    }
    if (num_parts >= kPartsAtOnce || (i + 1 == set.documents.size() && !waiting.empty())) {
      std::vector<Prepared> full = std::exchange(waiting, {});
      CO_TRY_VOID(co_await Commit(call, std::move(full), corpus, config, tools));
      num_parts = 0;
      if (on_progress) on_progress(i + 1);
    }
  }
  co_return Result<void>();
}

Task<Result<std::string>> LegsOf(Call call, const JudgedSet& set, const Retriever& retriever) {
  const auto score = [](const std::optional<double>& one) { return one ? Json(*one) : Json(); };
  std::string lines;
  for (const JudgedSet::Text& query : set.queries) {
    RetrievalRequest request;
    request.query = query.text;
    request.top_k = kChunksSeen;
    CO_TRY(const Retrieved retrieved, co_await retriever.Retrieve(call, std::move(request)));
    Json relevant = Json::Object(), found = Json::Array();
    for (const auto& [id, grade] : set.judgements.at(query.id)) relevant.Set(id, grade);
    for (const Passage& passage : retrieved.passages) {
      if (passage.document_id == query.id) continue;
      found.Push(Json::Array({passage.document_id, score(passage.text_score), score(passage.vector_score)}));
    }
    lines += Json::Object({{"relevant", std::move(relevant)}, {"said", retrieved.said}, {"found", std::move(found)}})
                 .Dump() +
             "\n";
  }
  co_return lines;
}

Task<Result<RetrievalScores>> ScoreRetrieval(Call call, const JudgedSet& set, const Retriever& retriever) {
  RetrievalScores scores;
  for (const JudgedSet::Text& query : set.queries) {
    const auto begin = std::chrono::steady_clock::now();
    RetrievalRequest request;
    request.query = query.text;
    request.top_k = kChunksSeen;
    if (const auto said = set.histories.find(query.id); said != set.histories.end()) request.history = said->second;
    CO_TRY(const Retrieved retrieved, co_await retriever.Retrieve(call, std::move(request)));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    const std::vector<std::string> ranked = DocumentsOf(retrieved.passages, query.id);
    const Judgements& judged = set.judgements.at(query.id);
    scores.ndcg_at_10.push_back(NdcgAt(ranked, judged, 10));
    scores.recall_at_100.push_back(RecallAt(ranked, judged, kDocumentsSeen));
    scores.reciprocal_rank_at_10.push_back(ReciprocalRankAt(ranked, judged, 10));
    scores.milliseconds.push_back(took.count());
    scores.tokens.push_back(static_cast<double>(retrieved.usage.prompt_tokens + retrieved.usage.completion_tokens));
    scores.num_skipped += retrieved.skipped.empty() ? 0 : 1;
  }
  co_return scores;
}

}  // namespace atelier
