#include "eval/agent_player.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text/json_schema.h"
#include "base/text/json_schema_validator.h"

namespace atelier {
namespace {

constexpr int kMaxDepth = 4, kMaxTries = 30;
constexpr size_t kMaxWords = 2000;

std::string TextOf(const Json& value) { return value.is_string() ? value.AsString() : std::string(); }

// Words of all messages, as they stand between blanks and quotes.
std::vector<std::string> WordsOf(const Json& messages) {
  std::vector<std::string> words;
  for (const Json& message : messages.items()) {
    std::string word;
    const std::string text = TextOf(message["content"]) + " ";
    for (const char c : text) {
      const bool ends = std::isspace(static_cast<unsigned char>(c)) != 0 || c == '"' || c == '\'' || c == '|';
      if (!ends) word += c;
      if (!ends || word.empty()) continue;
      while (word.size() > 1 && std::string_view(".,;:?!)").contains(word.back())) word.pop_back();
      if (words.size() < kMaxWords) words.push_back(word);
      word.clear();
    }
  }
  if (words.empty()) words.emplace_back("x");
  return words;
}

std::string LastToolText(const Json& messages) {
  for (int64_t i = messages.size(); i-- > 0;) {
    if (messages[i]["role"] == Json("tool")) return TextOf(messages[i]["content"]);
  }
  return {};
}

std::string RandomWords(const std::vector<std::string>& words, Random& random) {
  const size_t begin = random.Below(words.size());
  const size_t count = std::min<size_t>(1 + random.Below(3), words.size() - begin);
  std::string text;
  for (size_t i = begin; i < begin + count; ++i) text += (text.empty() ? "" : " ") + words[i];
  return text;
}

// A number of the conversation, or a small one, within the schema's bounds.
Json RandomNumber(const Json& schema, const std::vector<std::string>& words, Random& random) {
  const auto bound = [&](const char* key, double otherwise) {
    return schema[key].is_number() ? schema[key].AsDouble() : otherwise;
  };
  const double low = bound("minimum", 0), high = std::max(low, bound("maximum", low + 100));
  std::vector<Json> said;
  for (const std::string& word : words) {
    auto number = Json::Parse(word);
    const bool fits = number.ok() && number->is_number() && number->AsDouble() >= low && number->AsDouble() <= high;
    if (fits && (schema["type"] != Json("integer") || number->AsInt64())) said.push_back(*std::move(number));
  }
  if (!said.empty() && random.Below(4) > 0) return said[random.Below(said.size())];
  return Json(static_cast<int64_t>(low) + static_cast<int64_t>(random.Below(static_cast<uint64_t>(high - low) + 1)));
}

bool Fits(const Json& schema, const Json& value) {
  auto document = SchemaDocument::Parse(schema);
  if (!document.ok()) return false;
  const auto violations = ValidateJson(*std::move(document), value, FormatPolicy::kAssert);
  return violations.ok() && violations->empty();
}

GatheredCall CallOf(const AgentMove& move, int64_t number) {
  GatheredCall call;
  call.id = "call_" + std::to_string(number), call.name = move.call;
  call.arguments = move.arguments.is_null() ? "{}" : move.arguments.Dump();
  return call;
}

}  // namespace

Task<Result<Generation>> AgentPlayer::Generate(Call /*call*/, GenerationRequest request) {
  const auto* prompt = std::get_if<ChatPrompt>(&request.prompt);
  if (!prompt) co_return Error::Unsupported("prompt", "got no conversation");
  Gathered gathered;
  GatheredChoice& choice = gathered.choices.emplace_back();
  for (const AgentMove& move : Next(*prompt)) {
    if (!move.call.empty()) choice.calls.push_back(CallOf(move, ++num_calls_));
    choice.text += move.answer;
  }
  const bool wants_json = request.options.grammar && !request.options.grammar->schema.is_null();
  if (wants_json && choice.calls.empty() && !Json::Parse(choice.text).ok()) {
    choice.text = Json::Object({{"answer", choice.text}}).Dump();
  }
  gathered.end.usage.prompt_tokens = static_cast<int64_t>(prompt->messages.Dump().size()) / 4;
  gathered.end.usage.completion_tokens = static_cast<int64_t>(choice.text.size()) / 4;
  co_return Replay(loop_, EventsOf(gathered));
}
Task<Result<Decision>> AgentPlayer::Decide(Call /*call*/, DecisionRequest /*request*/) {
  co_return Error::Unsupported("decision", "who plays moves decides nothing");
}
Task<Result<Generation>> AgentPlayer::Prepare(Call /*call*/, GenerationRequest /*request*/) {
  co_return Error::Unsupported("prepare", "who plays moves has no template");
}
Task<Result<ModelDetails>> AgentPlayer::Describe(Call /*call*/, std::string /*model*/) { co_return ModelDetails(); }
Task<Result<std::vector<TokenText>>> AgentPlayer::Spell(Call /*call*/, std::string /*model*/,
                                                        std::vector<int32_t> /*tokens*/) {
  co_return Error::Unsupported("spell", "who plays moves has no tokens");
}

std::vector<AgentMove> OraclePlayer::Next(const ChatPrompt& prompt) {
  if (next_ < moves_.size()) return {moves_[next_++]};
  return {AgentMove{.answer = LastToolText(prompt.messages)}};
}

std::vector<AgentMove> RandomPlayer::Next(const ChatPrompt& prompt) {
  const std::vector<std::string> words = WordsOf(prompt.messages);
  const std::vector<Tool>& tools = prompt.tool_use.tools;
  if (!tools.empty() && random_.Below(4) > 0) {
    for (int tries = 0; tries < kMaxTries; ++tries) {
      const Tool& tool = tools[random_.Below(tools.size())];
      Json arguments = RandomValue(tool.parameters, words, random_);
      if (!Fits(tool.parameters, arguments)) continue;
      return {AgentMove{.call = tool.name, .arguments = std::move(arguments)}};
    }
  }
  std::string said = LastToolText(prompt.messages);
  if (said.empty() || random_.Below(2) == 0) said = RandomWords(words, random_);
  return {AgentMove{.answer = std::move(said)}};
}

Json RandomValue(const Json& schema, const std::vector<std::string>& words, Random& random, int depth) {
  if (const Json* fixed = schema.Find("const")) return *fixed;
  if (const Json& values = schema["enum"]; values.is_array() && !values.empty()) {
    return values[static_cast<int64_t>(random.Below(static_cast<uint64_t>(values.size())))];
  }
  const std::string type = TextOf(schema["type"]);
  if (type == "boolean") return Json(random.Below(2) == 1);
  if (type == "integer" || type == "number") return RandomNumber(schema, words, random);
  if (type == "array" && depth < kMaxDepth) {
    Json items = Json::Array();
    for (uint64_t left = 1 + random.Below(2); left > 0; --left) {
      items.Push(RandomValue(schema["items"], words, random, depth + 1));
    }
    return items;
  }
  if (type != "object" || depth >= kMaxDepth) return Json(RandomWords(words, random));
  Json object = Json::Object();
  if (!schema["properties"].is_object()) return object;
  for (const JsonMember& member : schema["properties"].members()) {
    const auto is_it = [&](const Json& name) { return name == Json(member.key); };
    const bool required = schema["required"].is_array() && std::ranges::any_of(schema["required"].items(), is_it);
    if (required || random.Below(2) == 1) object.Set(member.key, RandomValue(member.value, words, random, depth + 1));
  }
  return object;
}

}  // namespace atelier
