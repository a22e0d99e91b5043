#include "knowledge/retrieve/ranker.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

namespace atelier {
namespace {

// The first scores.size() passages by their new scores.
void Reorder(const std::vector<double>& scores, std::vector<Passage>& passages) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&scores](size_t a, size_t b) { return scores[a] > scores[b]; });
  std::vector<Passage> ranked;
  for (const size_t i : order) {
    ranked.push_back(std::move(passages[i]));
    ranked.back().score = scores[i];
  }
  std::ranges::move(ranked, passages.begin());
}

}  // namespace

Result<const RankerEntry*> FindRanker(std::string_view name) {
  std::string all;
  for (const RankerEntry* entry : Rankers()) {
    if (entry->name == name) return entry;
    all += (all.empty() ? "" : ", ") + std::string(entry->name);
  }
  return Error::Invalid("rerank.method", "got '" + std::string(name) + "', want one of " + all);
}

Result<std::string> ModelOf(const RankRequest& request, std::string_view kind) {
  const bool is_chat = kind == "chat";
  const bool is_there = is_chat ? request.tools.model != nullptr : request.tools.reranker != nullptr;
  const std::string& model = !request.config.model.empty() ? request.config.model
                             : is_chat                     ? request.tools.chat_model
                                                           : request.tools.rerank_model;
  if (is_there && !model.empty()) return model;
  return Error::Unsupported("rerank.model",
                            is_chat ? "got none, want a chat model" : "got none, want a reranking model");
}

Task<Result<std::string>> Rerank(Call call, std::string query, RerankConfig config, RankerTools tools,
                                 std::vector<Passage>& passages) {
  CO_TRY(const RankerEntry* const entry, FindRanker(config.method));
  const size_t num = std::min(passages.size(), static_cast<size_t>(config.candidates));
  if (num == 0) co_return std::string();
  Call limited = call;
  const Clock::TimePoint until = tools.clock->Now() + std::chrono::milliseconds(config.budget_ms);
  limited.deadline = std::min(call.deadline, until);
  const RankRequest request{query, std::span(passages).first(num), config, tools};
  auto scoring = entry->score(limited, request);
  const Result<std::vector<double>> scores = co_await scoring;
  const Clock::TimePoint now = tools.clock->Now();
  if (call.stopped(now)) co_return Error::Cancelled("rerank", "the search was stopped");
  if (now >= until) {
    co_return std::string(entry->name) + ": took longer than " + std::to_string(config.budget_ms) + " ms";
  }
  if (!scores.ok()) co_return std::string(entry->name) + ": " + scores.error().Message();
  Reorder(*scores, passages);
  co_return std::string();
}

}  // namespace atelier
