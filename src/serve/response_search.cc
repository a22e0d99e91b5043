#include "serve/response_search.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace atelier {

Task<Result<std::vector<VectorStoreHit>>> ResponseSearch::Search(Call call, std::vector<std::string> queries) {
  options_.emit(writer_.BeginSearch(queries));
  ++num_calls_;
  Result<std::vector<VectorStoreHit>> hits = std::vector<VectorStoreHit>();
  if (!queries.empty()) {
    VectorStoreSearch search = options_.use.search;
    search.queries = std::move(queries);
    hits = co_await SearchVectorStores(app_, std::move(call), std::move(search));
  }
  Json results;
  if (hits.ok() && options_.show_results) results = SearchResults(*hits);
  options_.emit(writer_.EndSearch(hits.ok(), std::move(results)));
  co_return hits;
}

// The sources that fit are told to the model, and may be cited.
Task<Result<void>> ResponseSearch::Show(Call call, GenerationRequest& request, std::vector<VectorStoreHit> hits,
                                        std::vector<AnsweredSearch> calls) {
  CO_TRY(const std::vector<size_t> num_shown,
         co_await ShowSources(app_, std::move(call), request, hits, next_number_, calls));
  std::vector<CitableSource> sources;
  size_t begin = 0;
  for (size_t i = 0; i < num_shown.size(); ++i) {
    for (size_t j = begin; j < begin + num_shown[i]; ++j) {
      sources.push_back({static_cast<int64_t>(next_number_ + j), hits[j].file_id, hits[j].filename});
    }
    begin += calls.empty() ? hits.size() : calls[i].num_hits;
  }
  next_number_ += hits.size();
  writer_.AddSources(std::move(sources));
  co_return Result<void>();
}

Task<Result<void>> ResponseSearch::SearchFirst(Call call, GenerationRequest& request) {
  std::string query = LastUserText(request);
  if (query.find_first_not_of(" \t\r\n") == std::string::npos) {
    co_return Error::Invalid("input", "got no words of the user's, want a question to search for")
        .WithCode("invalid_value");
  }
  std::vector<std::string> queries(1, std::move(query));
  CO_TRY(std::vector<VectorStoreHit> hits, co_await Search(call, std::move(queries)));
  std::vector<AnsweredSearch> none;
  co_return co_await Show(std::move(call), request, std::move(hits), std::move(none));
}

Task<Result<void>> ResponseSearch::Answer(Call call, std::vector<ToolCallDelta> calls, GenerationRequest& request) {
  std::vector<VectorStoreHit> hits;
  std::vector<AnsweredSearch> answered;
  for (const ToolCallDelta& made : calls) {
    if (num_calls_ >= options_.max_calls && !answered.empty()) break;
    CO_TRY(std::vector<VectorStoreHit> found, co_await Search(call, SearchQueries(made.arguments)));
    answered.push_back({made.id, made.arguments, found.size()});
    std::move(found.begin(), found.end(), std::back_inserter(hits));
  }
  ToolUse& use = std::get<ChatPrompt>(request.prompt).tool_use;
  use.choice = ToolUse::Choice::kAuto;  // a call that was demanded has been made
  if (num_calls_ >= options_.max_calls) {
    std::erase_if(use.tools, [](const Tool& tool) { return tool.name == kFileSearch; });
    std::erase(use.allowed, std::string(kFileSearch));
    if (use.tools.empty()) use.choice = ToolUse::Choice::kNone;
  }
  co_return co_await Show(std::move(call), request, std::move(hits), std::move(answered));
}

}  // namespace atelier
