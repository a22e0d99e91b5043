#include "knowledge/stage/stage_model.h"

#include <algorithm>
#include <utility>

#include "base/text/unicode.h"
#include "base/text/utf8.h"
#include "provider/ask.h"
#include "provider/gathered.h"

namespace atelier {
namespace {

constexpr size_t kMaxLineBytes = 500;
constexpr size_t kMaxLabelBytes = 24;
constexpr size_t kMaxTurnBytes = 1000;

Task<Result<std::string>> AskAs(Call call, const StageConfig& config, const StageTools& tools, std::string prompt,
                                std::optional<GrammarSpec> grammar, StageState& state) {
  const std::string model = config.model.empty() ? tools.chat_model : config.model;
  if (tools.model == nullptr || model.empty()) {
    co_return Error::Unsupported("model", "got none, want a chat model");
  }
  Asked asked{model, std::move(prompt), config.answer_tokens, std::move(grammar)};
  auto asking = Ask(std::move(call), *tools.model, std::move(asked));
  CO_TRY(AskedReply reply, co_await asking);
  AddUsage(state.usage, reply.usage);
  co_return std::move(reply.text);
}

// {"list": [text, ...]} with one text to `most`.
GrammarSpec ListGrammar(int32_t most) {
  const Json text = Json::Object({{"type", "string"}, {"minLength", 1}, {"maxLength", 200}});
  const Json list = Json::Object({{"type", "array"}, {"items", text}, {"minItems", 1}, {"maxItems", most}});
  GrammarSpec grammar;
  grammar.kind = GrammarSpec::Kind::kJsonSchema;
  grammar.schema = Json::Object({{"type", "object"},
                                 {"properties", Json::Object({{"list", list}})},
                                 {"required", Json::Array({"list"})},
                                 {"additionalProperties", false}});
  return grammar;
}

// The texts of a list that may have been cut; `said` is JSON as far as it goes.
std::vector<std::string> TextsOf(std::string said) {
  Result<Json> json = Json::Parse(said);
  // What the tokens ran out on is left out: the list is closed after its last whole text.
  for (size_t end = said.rfind("\","); !json.ok() && end != std::string::npos && end > 0;
       end = said.rfind("\",", end - 1)) {
    json = Json::Parse(said.substr(0, end + 1) + "]}");
  }
  std::vector<std::string> texts;
  const Json* list = json.ok() && json->is_object() ? json->Find("list") : nullptr;
  if (list == nullptr || !list->is_array()) return texts;
  for (const Json& text : list->items()) {
    if (text.is_string()) texts.push_back(text.AsString());
  }
  return texts;
}

std::string Beginning(std::string_view text, size_t most_bytes) {
  std::string beginning(text.substr(0, most_bytes));
  beginning.resize(beginning.size() - IncompleteUtf8Tail(beginning));
  return beginning;
}

// Without quotes or stars around it.
std::string_view WithoutMarks(std::string_view text) {
  text = Trim(text);
  while (text.size() >= 2 && (text.front() == '"' || text.front() == '*') && text.back() == text.front()) {
    text = Trim(text.substr(1, text.size() - 2));
  }
  return text;
}

}  // namespace

std::string OneLineOf(std::string_view said) {
  std::string_view rest = Trim(said);
  rest = WithoutMarks(rest.substr(0, rest.find('\n')));
  const size_t colon = rest.find(": ");
  if (colon != std::string_view::npos && colon <= kMaxLabelBytes && rest.find(' ') >= colon) {
    rest = WithoutMarks(rest.substr(colon + 2));
  }
  return ReplaceInvalidUtf8(Beginning(rest, kMaxLineBytes));
}

Task<Result<std::string>> AskModel(Call call, const StageConfig& config, const StageTools& tools, std::string prompt,
                                   StageState& state) {
  auto asking = AskAs(std::move(call), config, tools, std::move(prompt), std::nullopt, state);
  co_return co_await asking;
}

Task<Result<std::vector<std::string>>> AskForList(Call call, const StageConfig& config, const StageTools& tools,
                                                  std::string prompt, StageState& state) {
  GrammarSpec grammar = ListGrammar(config.count);
  auto asking = AskAs(std::move(call), config, tools, std::move(prompt), std::move(grammar), state);
  CO_TRY(std::string said, co_await asking);
  std::vector<std::string> lines;
  for (const std::string& text : TextsOf(std::move(said))) {
    std::string line = OneLineOf(text);
    const bool is_new = !line.empty() && line != state.question && std::ranges::find(lines, line) == lines.end();
    if (is_new && lines.size() < static_cast<size_t>(config.count)) lines.push_back(std::move(line));
  }
  if (lines.empty()) co_return Error::Invalid("answer", "got no line that says anything new");
  co_return lines;
}

std::string HistoryText(const HistoryTurn& turn) { return Beginning(turn.text, kMaxTurnBytes); }

void AskInstead(std::string question, StageState& state) {
  for (SubQuery& query : state.queries) {
    if (query.words == state.question) query.words = question;
    if (query.meaning == state.question) query.meaning = question;
  }
  state.question = std::move(question);
}

void AddQuery(const std::string& text, double weight, StageState& state) {
  const bool is_there = std::ranges::any_of(state.queries, [&](const SubQuery& query) { return query.words == text; });
  if (!is_there) state.queries.push_back({text, text, false, weight});
}

}  // namespace atelier
