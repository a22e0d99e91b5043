#include "cli/corpus_session.h"

namespace atelier {

void CorpusOptions::Declare(Options& options) {
  options.Text("--corpus,-c", corpus, "which corpus; without, the only one");
  options.Integer("--threads", threads, "threads that compute; 0: one for each core");
}

Result<std::unique_ptr<CorpusSession>> CorpusSession::Open(const Invocation& invocation, const CorpusOptions& options) {
  auto session = std::make_unique<CorpusSession>();
  ModelOptions models;
  models.threads = options.threads;
  TRY(session->session_, Session::Open(invocation, models));
  return session;
}

Result<std::unique_ptr<CorpusSession>> CorpusSession::OpenCorpus(const Invocation& invocation,
                                                                 const CorpusOptions& options) {
  TRY(std::unique_ptr<CorpusSession> session, Open(invocation, options));
  CorpusLibrary& corpora = session->app().corpora();
  TRY(const std::string name, corpora.NameOf(options.corpus));
  TRY(session->opened_, corpora.Read(name));
  return session;
}

void FilterOption::Declare(Options& options) {
  options.Text("--filter", json, "of attributes, as JSON: {\"type\": \"eq\", \"key\": \"year\", \"value\": 2024}");
}

Result<Filter> FilterOption::Read() const {
  if (json.empty()) return Filter();
  const Result<Json> parsed = Json::Parse(json);
  if (!parsed.ok()) return Error(parsed.error()).Under("--filter");
  Result<Filter> filter = ReadFilter(*parsed);
  if (!filter.ok()) return std::move(filter).error().Under("--filter");
  return filter;
}

void RerankOptions::Declare(Options& options) {
  options.Text(
      "--rerank", method,
      "cross_encoder, decisions, decisions_listwise, late_interaction, learned, mmr, or none: judge the best again");
  options.Text("--rerank-model", model,
               "that judges: a reranking model, for decisions a chat model, for learned a file of weights");
  options.Takes("MODEL", Completion::kModels);
  options.Integer("--rerank-candidates", candidates, "of the search, that are judged");
  options.Integer("--rerank-budget", budget_ms, "ms; when they are over, the search's order stays");
}

Result<void> RerankOptions::Apply(RerankConfig& config) const {
  if (!method.empty()) config.method = method == "none" ? "" : method;
  if (!model.empty()) config.model = model;
  if (candidates < 0 || candidates > 1000) {
    return Error::Invalid("--rerank-candidates", "got " + std::to_string(candidates) + ", want 1 to 1000");
  }
  if (budget_ms < 0 || budget_ms > 600'000) {
    return Error::Invalid("--rerank-budget", "got " + std::to_string(budget_ms) + ", want 1 to 600000");
  }
  if (candidates > 0) config.candidates = static_cast<int32_t>(candidates);
  if (budget_ms > 0) config.budget_ms = static_cast<int32_t>(budget_ms);
  if (!config.method.empty()) TRY_VOID(FindRanker(config.method));
  return {};
}

void StageOptions::Declare(Options& options) {
  options.Texts("--stage", stages, "a stage of retrieval beside those of atelier.yaml, such as multi_query or parent");
  options.Text("--stage-model", model, "that these stages ask; without, the default chat model");
  options.Takes("MODEL", Completion::kModels);
  options.Texts("--after", history, "what was asked before, oldest first: for the stages history and rewrite");
}

Result<void> StageOptions::Apply(RetrievalConfig& config) const {
  for (const std::string& name : stages) {
    TRY_VOID(FindStage(name));
    StageConfig& stage = config.stages.emplace_back();
    stage.stage = name;
    stage.model = model;
  }
  return {};
}

std::vector<HistoryTurn> StageOptions::Turns() const {
  std::vector<HistoryTurn> turns;
  for (const std::string& text : history) turns.push_back({"user", text});
  return turns;
}

Call CorpusSession::MakeCall() const {
  Call call;
  call.stop = session_->interrupt().token();
  return call;
}

std::string PlaceText(const Passage& passage) {
  std::string place = passage.document_id;
  const Chunk& chunk = passage.chunk;
  if (chunk.first_page > 0) {
    place += chunk.first_page == chunk.last_page
                 ? ", page " + std::to_string(chunk.first_page)
                 : ", pages " + std::to_string(chunk.first_page) + " to " + std::to_string(chunk.last_page);
  }
  std::string headings;
  for (const std::string& heading : chunk.heading_path) headings += (headings.empty() ? "" : " > ") + heading;
  return headings.empty() ? place : place + ", " + headings;
}

}  // namespace atelier
