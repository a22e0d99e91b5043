#include "serve/decision_input.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

namespace atelier {
namespace {

Error Wrong(std::string where, std::string what) {
  return Error::Invalid(std::move(where), std::move(what)).WithCode("invalid_value");
}

std::string TypeOf(const Json& object) { return object["type"].is_string() ? object["type"].AsString() : ""; }

int64_t LevelsOf(const Json& json) {
  int64_t deepest = 0;
  if (json.is_array()) {
    for (const Json& item : json.items()) deepest = std::max(deepest, LevelsOf(item));
  } else if (json.is_object()) {
    for (const auto& [key, value] : json.members()) deepest = std::max(deepest, LevelsOf(value));
  } else {
    return 0;
  }
  return deepest + 1;
}

Result<std::string> JsonText(const Json& data, const std::string& where) {
  if (!data.is_object() && !data.is_array()) {
    return Wrong(where, "got " + std::string(data.TypeName()) + ", want an object or an array of objects");
  }
  if (LevelsOf(data) > kMaxInputJsonLevels) {
    return Wrong(where, "got more than " + std::to_string(kMaxInputJsonLevels) + " levels, want at most as many");
  }
  std::string text = data.Dump();
  if (std::ssize(text) > kMaxInputJsonBytes) {
    return Wrong(where, "got " + std::to_string(text.size()) + " bytes of JSON, want at most " +
                            std::to_string(kMaxInputJsonBytes));
  }
  return text;
}

Result<std::string> PartText(const Json& part, const std::string& where) {
  const std::string type = TypeOf(part);
  if (type == "input_json") return JsonText(part["data"], where + ".data");
  if (type == "input_text" || type == "output_text" || type == "refusal") {
    const std::string key = type == "refusal" ? "refusal" : "text";
    if (part[key].is_string()) return part[key].AsString();
    return Wrong(where + "." + key, "got " + std::string(part[key].TypeName()) + ", want a string");
  }
  return Error::Unsupported(where + ".type",
                            "got \"" + type.substr(0, 100) + "\", want input_text or input_json: no model here sees")
      .WithCode("unsupported_parameter");
}

// Reads items; each output must be of a call before it.
class InputReader {
 public:
  Result<DecisionPart> Read(const Json& item, const std::string& where) {
    if (!item.is_object()) return Wrong(where, "got " + std::string(item.TypeName()) + ", want an object");
    const std::string type = item.Has("type") ? TypeOf(item) : "message";
    DecisionPart part{.role = {}, .text = {}, .item = item};
    if (type == "message") return Message(std::move(part), where);
    if (type == "function_call" || type == "custom_tool_call") {
      return CallOf(std::move(part), type == "function_call" ? "arguments" : "input", where);
    }
    if (type == "function_call_output" || type == "custom_tool_call_output") return Output(std::move(part), where);
    return Error::Unsupported(where + ".type",
                              "got \"" + type.substr(0, 100) + "\", want a message, a call or its output")
        .WithCode("unsupported_parameter");
  }

 private:
  static Result<DecisionPart> Message(DecisionPart part, const std::string& where) {
    constexpr std::array<std::string_view, 4> kRoles = {"user", "assistant", "system", "developer"};
    const Json& role = part.item["role"];
    if (!role.is_string() || std::ranges::find(kRoles, role.AsString()) == kRoles.end()) {
      return Wrong(where + ".role",
                   "got " + role.Dump().substr(0, 100) + ", want user, assistant, system or developer");
    }
    part.role = role.AsString();
    TRY(part.text, DecisionText(part.item["content"], where + ".content"));
    return part;
  }

  Result<DecisionPart> CallOf(DecisionPart part, const std::string& input, const std::string& where) {
    TRY(const std::string id, TextAt(part.item, "call_id", where));
    TRY(const std::string name, TextAt(part.item, "name", where));
    TRY(const std::string arguments, TextAt(part.item, input, where));
    calls_.insert(id);
    part.role = "call";
    part.text = name + "(" + arguments + ")";
    return part;
  }

  Result<DecisionPart> Output(DecisionPart part, const std::string& where) {
    TRY(const std::string id, TextAt(part.item, "call_id", where));
    if (!calls_.contains(id)) {
      return Wrong(where + ".call_id", "got '" + id.substr(0, 100) + "', want the call_id of a call before it");
    }
    part.role = "output";
    TRY(part.text, DecisionText(part.item["output"], where + ".output"));
    return part;
  }

  static Result<std::string> TextAt(const Json& item, const std::string& key, const std::string& where) {
    if (item[key].is_string()) return item[key].AsString();
    return Wrong(where + "." + key, "got " + std::string(item[key].TypeName()) + ", want a string");
  }

  std::set<std::string> calls_;
};

}  // namespace

Result<std::string> DecisionText(const Json& content, const std::string& where) {
  if (content.is_string()) return content.AsString();
  if (!content.is_array()) return Wrong(where, "got " + std::string(content.TypeName()) + ", want a string or parts");
  if (content.size() > kMaxInputItems) {
    return Wrong(where,
                 "got " + std::to_string(content.size()) + " parts, want at most " + std::to_string(kMaxInputItems));
  }
  std::string text;
  for (int64_t i = 0; i < content.size(); ++i) {
    TRY(const std::string part, PartText(content[i], where + "[" + std::to_string(i) + "]"));
    if (i > 0) text += "\n";
    text += part;
  }
  return text;
}

Result<std::vector<DecisionPart>> DecisionInput(const Json& input) {
  std::vector<DecisionPart> parts;
  if (input.is_string()) {
    parts.push_back({"user", input.AsString()});
    return parts;
  }
  if (!input.is_array() || input.empty()) {
    return Wrong("input", "got " + std::string(input.is_array() ? "an empty array" : input.TypeName()) +
                              ", want a text or an array of messages, calls and outputs");
  }
  if (input.size() > kMaxInputItems) {
    return Wrong("input",
                 "got " + std::to_string(input.size()) + " items, want at most " + std::to_string(kMaxInputItems));
  }
  InputReader reader;
  for (int64_t i = 0; i < input.size(); ++i) {
    TRY(DecisionPart part, reader.Read(input[i], "input[" + std::to_string(i) + "]"));
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace atelier
