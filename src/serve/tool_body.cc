#include "serve/tool_body.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace atelier {
namespace {

constexpr size_t kMaxNameBytes = 128;

Error Wrong(std::string where, std::string what) {
  return Error::Invalid(std::move(where), std::move(what)).WithCode("invalid_value");
}

Result<void> CheckName(const std::string& name) {
  const auto is_allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
  };
  if (!name.empty() && name.size() <= kMaxNameBytes && std::ranges::all_of(name, is_allowed)) return {};
  return Wrong("name", "got \"" + name.substr(0, 64) + "\", want 1 to 128 of letters, digits, '_', '-' and '.'");
}

// As templates show it.
Json Definition(const std::string& name, const std::string& description, Json parameters) {
  Json function = Json::Object({{"name", name}});
  if (!description.empty()) function.Set("description", description);
  function.Set("parameters", std::move(parameters));
  return Json::Object({{"type", "function"}, {"function", std::move(function)}});
}

// Nothing, or a schema that says nothing of the type, is that of an object.
Result<Json> ObjectSchema(const Json& given) {
  if (given.is_null()) return Json::Object({{"type", "object"}, {"properties", Json::Object()}});
  if (!given.is_object()) return Wrong("parameters", "got " + std::string(given.TypeName()) + ", want a JSON Schema");
  Json schema = given;
  const Json* type = schema.Find("type");
  if (type == nullptr) schema.Set("type", "object");
  if (type != nullptr && *type != Json("object")) {
    return Wrong("parameters.type", "got " + type->Dump() + ", want \"object\"");
  }
  return schema;
}

// The name that a choice has, directly or under its type's name.
Result<std::string> NameIn(const Json& choice, const std::string& type, const std::string& where) {
  const Json& name = choice["name"].is_string() ? choice["name"] : choice[type]["name"];
  if (!name.is_string()) return Wrong(where + "." + type + ".name", "got nothing, want the name of a tool");
  return name.AsString();
}

Result<void> Allow(const std::string& name, const std::string& where, ToolUse& use) {
  if (std::ranges::find(use.tools, name, &Tool::name) == use.tools.end()) {
    return Wrong(where, "got '" + name + "', want the name of one of the tools");
  }
  use.allowed.push_back(name);
  return {};
}

Result<void> SetMode(const std::string& mode, const std::string& where, ToolUse& use) {
  if (mode == "auto") return {};
  if (mode == "none") {
    use.choice = ToolUse::Choice::kNone;
    return {};
  }
  if (mode != "required" && mode != "any") {
    return Wrong(where, "got \"" + mode + "\", want \"none\", \"auto\", \"required\" or an object");
  }
  if (use.tools.empty()) return Wrong(where, "got \"" + mode + "\" without tools, want tools beside it");
  use.choice = ToolUse::Choice::kRequired;
  return {};
}

}  // namespace

Fields FunctionBody::Describe() {
  using F = FunctionBody;
  static constexpr Field fields[] = {
      Key<&F::name>("name", "of the function").Required(),
      Key<&F::description>("description", "what it does, for the model").AtMostBytes(1 << 16),
      Key<&F::parameters>("parameters", "a JSON Schema that the arguments keep"),
      Key<&F::strict>("strict", "a schema is kept with or without it"),
      Ignored("return", "what it gives, which some templates show"),
  };
  return fields;
}

Fields ToolGrammarBody::Describe() {
  using G = ToolGrammarBody;
  static constexpr Field fields[] = {
      Key<&G::syntax>("syntax", "what the definition is").Required().OneOf("lark|regex"),
      Key<&G::definition>("definition", "the grammar or expression that the input keeps")
          .Required()
          .AtMostBytes(1 << 20),
  };
  return fields;
}

Fields InputFormatBody::Describe() {
  using F = InputFormatBody;
  static constexpr Field fields[] = {
      Key<&F::type>("type", "what the input is").Required().OneOf("text|grammar"),
      Key<&F::grammar>("grammar", "with type grammar: its syntax and definition"),
      Key<&F::syntax>("syntax", "the same without an object around it").OneOf("lark|regex"),
      Key<&F::definition>("definition", "the same without an object around it").AtMostBytes(1 << 20),
  };
  return fields;
}

Fields CustomToolBody::Describe() {
  using C = CustomToolBody;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "of the tool").Required(),
      Key<&C::description>("description", "what it does, for the model").AtMostBytes(1 << 16),
      Key<&C::format>("format", "what its input is; any text unless given"),
  };
  return fields;
}

Fields ToolBody::Describe() {
  using T = ToolBody;
  static constexpr Field fields[] = {
      Key<&T::type>("type", "of the tool").Required().OneOf("function|custom"),
      Key<&T::function>("function", "with type function: its name and parameters"),
      Key<&T::custom>("custom", "with type custom: its name and the form of its input"),
  };
  return fields;
}

Result<Tool> FunctionTool(const FunctionBody& body) {
  TRY_VOID(CheckName(body.name));
  Tool tool;
  tool.name = body.name;
  TRY(tool.parameters, ObjectSchema(body.parameters));
  tool.definition = Definition(body.name, body.description, tool.parameters);
  return tool;
}

Result<Tool> CustomTool(const CustomToolBody& body) {
  TRY_VOID(CheckName(body.name));
  Tool tool;
  tool.name = body.name;
  tool.custom = true;
  const Json input = Json::Object({{"type", "string"}});
  tool.definition = Definition(body.name, body.description,
                               Json::Object({{"type", "object"},
                                             {"properties", Json::Object({{"input", input}})},
                                             {"required", Json::Array({"input"})}}));
  if (!body.format || body.format->type == "text") return tool;
  const InputFormatBody& format = *body.format;
  const std::string syntax = format.grammar ? format.grammar->syntax : format.syntax.value_or("");
  const std::string definition = format.grammar ? format.grammar->definition : format.definition.value_or("");
  if (definition.empty()) return Wrong("format.grammar", "got no definition, want a grammar");
  GrammarSpec spec;
  spec.kind = syntax == "regex" ? GrammarSpec::Kind::kRegex : GrammarSpec::Kind::kGrammar;
  spec.text = definition;
  tool.input = std::move(spec);
  return tool;
}

Result<void> AddTool(Tool tool, ToolUse& use) {
  if (std::ranges::find(use.tools, tool.name, &Tool::name) != use.tools.end()) {
    return Wrong("name", "got '" + tool.name + "' again, want names that differ");
  }
  use.tools.push_back(std::move(tool));
  return {};
}

Result<void> SetToolChoice(const Json& choice, ToolUse& use) {
  const std::string where = "tool_choice";
  if (choice.is_null()) return {};
  if (choice.is_string()) return SetMode(choice.AsString(), where, use);
  if (!choice.is_object() || !choice["type"].is_string()) {
    return Wrong(where, "got " + std::string(choice.TypeName()) + ", want a text or an object with a type");
  }
  const std::string type = choice["type"].AsString();
  if (type == "function" || type == "custom") {
    TRY(const std::string name, NameIn(choice, type, where));
    TRY_VOID(Allow(name, where + "." + type + ".name", use));
    use.choice = ToolUse::Choice::kRequired;
    use.parallel = false;
    return {};
  }
  if (type != "allowed_tools") {
    return Wrong(where + ".type", "got \"" + type + "\", want \"function\", \"custom\" or \"allowed_tools\"");
  }
  const Json& allowed = choice["allowed_tools"].is_object() ? choice["allowed_tools"] : choice;
  if (!allowed["tools"].is_array() || allowed["tools"].empty()) {
    return Wrong(where + ".allowed_tools.tools", "got none, want at least one");
  }
  for (int64_t i = 0; i < allowed["tools"].size(); ++i) {
    const std::string place = where + ".allowed_tools.tools[" + std::to_string(i) + "]";
    const Json& tool = allowed["tools"][i];
    TRY(const std::string name, NameIn(tool, tool["type"].is_string() ? tool["type"].AsString() : "function", place));
    TRY_VOID(Allow(name, place, use));
  }
  return SetMode(allowed["mode"].is_string() ? allowed["mode"].AsString() : "auto", where + ".allowed_tools.mode", use);
}

Result<ToolUse> ToolUseOf(const std::vector<ToolBody>& tools, const Json& choice, bool parallel) {
  ToolUse use;
  use.parallel = parallel;
  for (size_t i = 0; i < tools.size(); ++i) {
    const std::string where = "tools[" + std::to_string(i) + "]." + tools[i].type;
    const bool custom = tools[i].type == "custom";
    if (custom ? !tools[i].custom : !tools[i].function) return Wrong(where, "got nothing, want an object");
    Result<Tool> tool = custom ? CustomTool(*tools[i].custom) : FunctionTool(*tools[i].function);
    if (!tool.ok()) return std::move(tool).error().Under(where);
    Result<void> added = AddTool(std::move(*tool), use);
    if (!added.ok()) return std::move(added).error().Under(where);
  }
  TRY_VOID(SetToolChoice(choice, use));
  return use;
}

}  // namespace atelier
