#include "eval/retrieval_eval.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <set>
#include <span>
#include <utility>

#include "base/task/for_each.h"

namespace atelier {
namespace {

constexpr size_t kDocumentsCommitted = 128;  // together
constexpr size_t kDocumentsAtOnce = 8;       // are cut, which may ask a model
constexpr int32_t kDocumentsSeen = 100;      // the deepest figure
constexpr int32_t kChunksSeen = 300;         // enough for as many documents, as most have one or two

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

Task<Result<void>> CutOne(Call call, const JudgedSet::Text& text, PreparationConfig config, PreparationTools tools,
                          Prepared& prepared) {
  std::vector<Document> documents;
  documents.push_back(DocumentOf(text));
  auto cutting = CutDocuments(std::move(call), text.id, SourceState(), std::move(documents), config, tools);
  CO_TRY(prepared, co_await cutting);
  co_return Result<void>();
}

Task<Result<int64_t>> PutDocuments(Call call, std::span<const JudgedSet::Text* const> texts, Corpus& corpus,
                                   PreparationConfig config, PreparationTools tools) {
  std::vector<Prepared> waiting(texts.size());
  const auto cut = [&](size_t i) { return CutOne(call, *texts[i], config, tools, waiting[i]); };
  auto cutting = ForEach(texts.size(), kDocumentsAtOnce, cut);
  CO_TRY_VOID(co_await cutting);
  CO_TRY([[maybe_unused]] const int64_t num_embedded, co_await EmbedPrepared(call, waiting, corpus, config, tools));
  int64_t model_tokens = 0;
  for (const Prepared& prepared : waiting) model_tokens += prepared.model_tokens;
  auto put = [&] { return PutPrepared(std::move(waiting), corpus); };
  auto putting = OnPool(*tools.pool, put);
  CO_TRY_VOID(co_await putting);
  co_return model_tokens;
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

Task<Result<int64_t>> IndexJudgedSet(Call call, const JudgedSet& set, Corpus& corpus, PreparationConfig config,
                                     PreparationTools tools, std::function<void(size_t num_done)> on_progress) {
  CO_TRY(const std::set<std::string> there, IdsIn(corpus));
  std::vector<const JudgedSet::Text*> missing;
  for (const JudgedSet::Text& text : set.documents) {
    if (!there.contains(text.id)) missing.push_back(&text);
  }
  int64_t model_tokens = 0;
  for (size_t begin = 0; begin < missing.size(); begin += kDocumentsCommitted) {
    const size_t num = std::min(kDocumentsCommitted, missing.size() - begin);
    auto putting = PutDocuments(call, std::span(missing).subspan(begin, num), corpus, config, tools);
    CO_TRY(const int64_t tokens, co_await putting);
    model_tokens += tokens;
    if (on_progress) on_progress(set.documents.size() - missing.size() + begin + num);
  }
  co_return model_tokens;
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
