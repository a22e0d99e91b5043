#include "app/query_rewriting.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "knowledge/stage/stage_model.h"
#include "provider/ask.h"

namespace atelier {
namespace {

constexpr std::chrono::seconds kBudget{20};  // for all queries together
constexpr int64_t kAnswerTokens = 60;

std::string PromptOf(const std::string& query) {
  return "Write this as a short query for a search engine, with the words that a document about it would use. Answer "
         "with the query alone.\n\n" +
         query;
}

}  // namespace

Task<std::vector<std::string>> WithRewritten(App& app, Call call, std::vector<std::string> queries) {
  const Result<ModelListing> model = app.FindModel("", "chat");
  if (!model.ok()) co_return queries;
  call.deadline = std::min(call.deadline, Clock::Real().Now() + kBudget);
  const size_t num_asked = queries.size();
  for (size_t i = 0; i < num_asked; ++i) {
    Asked asked{model->id, PromptOf(queries[i]), kAnswerTokens};
    auto asking = Ask(call, app.language_model(), std::move(asked));
    const Result<AskedReply> reply = co_await asking;
    if (!reply.ok()) continue;
    std::string rewritten = OneLineOf(reply->text);
    const bool is_new = !rewritten.empty() && std::ranges::find(queries, rewritten) == queries.end();
    if (is_new) queries.push_back(std::move(rewritten));
  }
  co_return queries;
}

}  // namespace atelier
