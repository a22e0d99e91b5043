#include "serve/file_search.h"

#include <algorithm>
#include <utility>

#include "base/text/describe_json.h"
#include "serve/attribute_filter.h"

namespace atelier {
namespace {

constexpr int64_t kDefaultResults = 20;
constexpr int64_t kMostSourceTokens = 2048;  // more costs a small model more than it gains from it
constexpr int64_t kDefaultAnswerTokens = 512;
constexpr size_t kMostQueries = 4;
constexpr size_t kMostQueryBytes = 1024;
constexpr char kSourcesAre[] =
    "Use these sources to answer. After each statement give the number of the source that says it, such as [1]. "
    "Where they do not say it, say so.\n\n";
constexpr char kNothingFound[] = "A search of the files found nothing that fits.\n\n";

Error Wrong(std::string where, std::string what) {
  return Error::Invalid(std::move(where), std::move(what)).WithCode("invalid_value");
}

// Whether a choice names file_search; an error where it is no choice.
Result<bool> ChoosesSearch(const Json& choice) {
  if (choice.is_null() || choice.is_string()) {
    const std::string mode = choice.is_null() ? "auto" : choice.AsString();
    if (mode == "auto" || mode == "required" || mode == "any" || mode == "none") return false;
    return Wrong("tool_choice",
                 "got \"" + mode.substr(0, 64) + "\", want \"none\", \"auto\", \"required\" or an object");
  }
  if (!choice.is_object() || !choice["type"].is_string()) {
    return Wrong("tool_choice", "got " + std::string(choice.TypeName()) + ", want a text or an object with a type");
  }
  return choice["type"] == Json(kFileSearch);
}

// Of an allowed_tools choice: whether file_search is among them.
bool Allows(const Json& choice) {
  if (choice["type"] != Json("allowed_tools") || !choice["tools"].is_array()) return true;
  return std::ranges::any_of(choice["tools"].items(),
                             [](const Json& tool) { return tool["type"] == Json(kFileSearch); });
}

Result<VectorStoreSearch> SearchOf(const ResponseToolBody& tool) {
  VectorStoreSearch search;
  if (tool.vector_store_ids.empty()) return Wrong("vector_store_ids", "got none, want at least one");
  search.store_ids = tool.vector_store_ids;
  TRY(search.filter, ReadAttributeFilter(tool.filters, "filters"));
  TRY_VOID(SetRanking(tool.ranking_options, search));
  search.max_results = static_cast<int32_t>(tool.max_num_results.value_or(kDefaultResults));
  return search;
}

std::string SourceText(const VectorStoreHit& hit, size_t number) {
  return "[" + std::to_string(number) + "] " + hit.filename + "\n" + hit.passage.shown + "\n\n";
}

// Adds what `num_shown` of the hits say to the prompt of `request`.
GenerationRequest WithSources(GenerationRequest request, const std::vector<VectorStoreHit>& hits, size_t first,
                              const std::vector<AnsweredSearch>& calls, const std::vector<size_t>& num_shown) {
  Json& messages = std::get<ChatPrompt>(request.prompt).messages;
  const auto text_of = [&](size_t begin, size_t count) {
    std::string text = count == 0 ? kNothingFound : kSourcesAre;
    for (size_t i = begin; i < begin + count; ++i) text += SourceText(hits[i], first + i);
    return text;
  };
  if (calls.empty()) {
    for (int64_t i = messages.size() - 1; i >= 0; --i) {
      if (messages[i]["role"] != Json("user") || !messages[i]["content"].is_string()) continue;
      messages[i].Set("content", text_of(0, num_shown[0]) + "Question: " + messages[i]["content"].AsString());
      break;
    }
    return request;
  }
  Json made = Json::Array();
  for (const AnsweredSearch& call : calls) {
    Json function = Json::Object({{"name", kFileSearch}, {"arguments", call.arguments}});
    made.Push(Json::Object({{"id", call.call_id}, {"type", "function"}, {"function", std::move(function)}}));
  }
  Json asked = Json::Object({{"role", "assistant"}, {"content", ""}});
  asked.Set("tool_calls", std::move(made));
  messages.Push(std::move(asked));
  size_t begin = 0;
  for (size_t i = 0; i < calls.size(); ++i) {
    messages.Push(Json::Object(
        {{"role", "tool"}, {"tool_call_id", calls[i].call_id}, {"content", text_of(begin, num_shown[i])}}));
    begin += calls[i].num_hits;
  }
  return request;
}

// Of a model elsewhere, whose tokenizer is not here, by the bytes.
Task<Result<int64_t>> NumTokens(App& app, Call call, GenerationRequest request) {
  constexpr int64_t kBytesOfToken = 3;
  const auto num_bytes = static_cast<int64_t>(std::get<ChatPrompt>(request.prompt).messages.Dump().size());
  const Result<Generation> prepared = co_await app.language_model().Prepare(std::move(call), std::move(request));
  if (prepared.ok()) co_return static_cast<int64_t>(prepared->prompt_tokens.size());
  if (prepared.error().kind != ErrorKind::kUnsupported) co_return prepared.error();
  co_return num_bytes / kBytesOfToken;
}

// Tokens that sources may take.
Task<Result<int64_t>> Room(App& app, Call call, const GenerationRequest& request, int64_t num_prompt) {
  CO_TRY(const ModelDetails details, co_await app.language_model().Describe(call, request.model));
  int64_t answer = kDefaultAnswerTokens;
  if (request.options.request.max_tokens) answer = *request.options.request.max_tokens;
  if (details.context_length == 0) co_return kMostSourceTokens;  // of a model elsewhere it is not known
  const int64_t left = details.context_length - num_prompt - std::min(answer, details.context_length / 2);
  co_return std::clamp<int64_t>(left, 0, kMostSourceTokens);
}

}  // namespace

Result<std::optional<FileSearchUse>> FileSearchOf(const ResponsesBody& body) {
  std::optional<FileSearchUse> use;
  size_t num_others = 0;
  for (size_t i = 0; i < body.tools.size(); ++i) {
    const std::string where = "tools[" + std::to_string(i) + "]";
    if (body.tools[i].type != kFileSearch) {
      ++num_others;
      continue;
    }
    if (use) return Wrong(where, "got file_search again, want it once: it takes several vector stores");
    Result<VectorStoreSearch> search = SearchOf(body.tools[i]);
    if (!search.ok()) return std::move(search).error().Under(where);
    use.emplace();
    use->search = std::move(*search);
  }
  if (!use) return use;
  TRY(const bool chosen, ChoosesSearch(body.tool_choice));
  const bool may_not = body.tool_choice == Json("none") || body.max_tool_calls == 0;
  if (may_not || !Allows(body.tool_choice)) return std::optional<FileSearchUse>();
  use->first = chosen || num_others == 0;
  return use;
}

Result<Tool> SearchTool() {
  FunctionBody body;
  body.name = kFileSearch;
  body.description = "Searches the user's files. Returns numbered passages to answer from.";
  const Json query = Json::Object({{"type", "string"}, {"minLength", 1}, {"maxLength", 200}});
  const Json queries = Json::Object(
      {{"type", "array"}, {"items", query}, {"minItems", 1}, {"maxItems", static_cast<int64_t>(kMostQueries)}});
  body.parameters = Json::Object({{"type", "object"},
                                  {"properties", Json::Object({{"queries", queries}})},
                                  {"required", Json::Array({"queries"})},
                                  {"additionalProperties", false}});
  return FunctionTool(body);
}

std::vector<std::string> SearchQueries(std::string_view arguments) {
  std::vector<std::string> queries;
  const Result<Json> json = Json::Parse(arguments);
  if (!json.ok() || !(*json)["queries"].is_array()) return queries;
  for (const Json& query : (*json)["queries"].items()) {
    if (query.is_string() && queries.size() < kMostQueries) queries.push_back(query.AsString());
  }
  return queries;
}

Json SearchToolEcho(const ResponseToolBody& tool) {
  Json echo = Json::Object({{"type", kFileSearch},
                            {"vector_store_ids", Json(tool.vector_store_ids)},
                            {"max_num_results", tool.max_num_results.value_or(kDefaultResults)}});
  Json ranking = Json::Object({{"ranker", "auto"}, {"score_threshold", 0}});
  if (tool.ranking_options) {
    const RankingBody& given = *tool.ranking_options;
    ranking.Set("ranker", given.ranker.value_or("auto"));
    ranking.Set("score_threshold", given.score_threshold.value_or(0));
    if (given.hybrid_search) ranking.Set("hybrid_search", WriteJson(*given.hybrid_search));
  }
  echo.Set("ranking_options", std::move(ranking));
  echo.Set("filters", tool.filters);
  return echo;
}

Json SearchResults(const std::vector<VectorStoreHit>& hits) {
  Json results = Json::Array();
  for (const VectorStoreHit& hit : hits) {
    Json result = Json::Object({{"file_id", hit.file_id}, {"filename", hit.filename}, {"score", hit.passage.score}});
    result.Set("attributes", HitAttributes(hit));
    result.Set("text", hit.passage.text);
    results.Push(std::move(result));
  }
  return results;
}

std::string LastUserText(const GenerationRequest& request) {
  const Json& messages = std::get<ChatPrompt>(request.prompt).messages;
  for (int64_t i = messages.size() - 1; i >= 0; --i) {
    if (messages[i]["role"] != Json("user") || !messages[i]["content"].is_string()) continue;
    std::string text = messages[i]["content"].AsString().substr(0, kMostQueryBytes);
    while (!text.empty() && text.size() == kMostQueryBytes && (text.back() & 0x80) != 0) text.pop_back();
    return text;
  }
  return "";
}

// Sources are left out from the end, by what all together would take, until the rest fits.
Task<Result<std::vector<size_t>>> ShowSources(App& app, Call call, GenerationRequest& request,
                                              const std::vector<VectorStoreHit>& hits, size_t first,
                                              std::vector<AnsweredSearch> calls) {
  std::vector<size_t> num_shown{hits.size()};
  if (!calls.empty()) {
    num_shown.clear();
    for (const AnsweredSearch& one : calls) num_shown.push_back(one.num_hits);
  }
  GenerationRequest none = WithSources(request, hits, first, calls, std::vector<size_t>(num_shown.size(), 0));
  CO_TRY(const int64_t num_bare, co_await NumTokens(app, call, std::move(none)));
  CO_TRY(const int64_t room, co_await Room(app, call, request, num_bare));
  for (;;) {
    GenerationRequest with = WithSources(request, hits, first, calls, num_shown);
    CO_TRY(const int64_t num_all, co_await NumTokens(app, call, with));
    const int64_t num_taken = num_all - num_bare;
    const size_t most = *std::ranges::max_element(num_shown);
    if (num_taken <= room || most == 0) {
      request = std::move(with);
      co_return num_shown;
    }
    const auto fitting =
        static_cast<size_t>(static_cast<double>(most) * static_cast<double>(room) / static_cast<double>(num_taken));
    for (size_t& count : num_shown) count = std::min(count, std::min(fitting, most - 1));
  }
}

}  // namespace atelier
