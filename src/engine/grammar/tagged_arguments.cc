#include "engine/grammar/tagged_arguments.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text/json_schema.h"
#include "engine/grammar/json_goal.h"
#include "engine/grammar/json_scalars.h"
#include "engine/grammar/tag_fields.h"

namespace atelier {
namespace {

struct Tags {
  std::string_view style;
  std::string_view begin;                     // and the name
  std::string_view before_text, before_json;  // between the name and the value; $TYPE is the value's
  std::string_view end;
  bool has_lines = false;             // a line end may stand on either side of a string
  std::string_view value_begin = {};  // behind white space
};

constexpr Tags kTags[] = {
    {"qwen_xml", "<parameter=", ">", ">", "</parameter>", true},
    {"minimax_xml", "<parameter name=\"", "\">", "\">", "</parameter>", false},
    {"deepseek_xml", "<｜DSML｜parameter name=\"", "\" string=\"true\">", "\" string=\"false\">",
     "</｜DSML｜parameter>", false},
    {"deepseek_v4_1_xml", "<｜DSML｜ parameter name=\"", "\" string=\"true\">", "\" string=\"false\">",
     "</｜DSML｜ parameter>", false},
    {"kimi_k3_xml", "<|open|>argument key=\"", "\" type=\"string\"<|sep|>", "\" type=\"$TYPE\"<|sep|>",
     "<|close|>argument<|sep|>", false},
    {"glm_xml", "<arg_key>", "</arg_key>", "</arg_key>", "</arg_value>", false, "<arg_value>"},
};

constexpr std::string_view kTypeMark = "$TYPE";
constexpr std::array kTypesOfJson = {"number", "boolean", "null", "object", "array"};

const Tags* FindTags(std::string_view style) {
  const auto found = std::ranges::find(kTags, style, &Tags::style);
  return found == std::end(kTags) ? nullptr : found;
}

constexpr int64_t kMaxSpace = 64;  // bytes of white space in a row, as the served style has it

// The schema at `pointer` in `schema`, alone: references within the whole lead where they did.
Json Alone(const Json& schema, const std::string& pointer) {
  constexpr const char* kName = "urn:atelier:arguments";
  Json whole = schema;
  const Json* id = schema.Find("$id");
  const bool named = id != nullptr && id->is_string() && !id->AsString().contains('#');
  if (!named) whole.Set("$id", kName);
  const std::string base = named ? id->AsString() : kName;
  return Json::Object({{"$ref", base + "#" + pointer}, {"$defs", Json::Object({{"whole", std::move(whole)}})}});
}

// A name as a part of a JSON pointer in a fragment.
std::string PointerPart(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string part = "/";
  for (const char c : name) {
    if (c == '~' || c == '/') {
      part += c == '~' ? "~0" : "~1";
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-') {
      part += c;
    } else {
      const auto byte = static_cast<uint8_t>(c);
      part += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return part;
}

class ArgumentsReader {
 public:
  ArgumentsReader(const Json& schema, const Tags& tags, const JsonStyle& json, Cfg& cfg)
      : schema_(schema), tags_(tags), json_(json), cfg_(&cfg), fields_(cfg.tokens()) {}

  Result<CfgExprId> Run() {
    TRY_VOID(Check());
    std::vector<CfgExprId> parts;
    const std::vector<std::string> required = Required();
    const auto is_required = [&](const std::string& name) {
      return std::ranges::find(required, name) != required.end();
    };
    const Json* properties = schema_.Find("properties");
    for (const JsonMember& member : properties == nullptr ? std::span<const JsonMember>() : properties->members()) {
      TRY(const CfgExprId one, Argument(member.key, Alone(schema_, "/properties" + PointerPart(member.key))));
      parts.push_back(is_required(member.key) ? one : cfg_->Repeat(one, 0, 1));
    }
    for (const std::string& name : required) {
      if (properties != nullptr && properties->Has(name)) continue;
      const bool has_others = schema_.Has("additionalProperties");
      TRY(const CfgExprId one, Argument(name, has_others ? Alone(schema_, "/additionalProperties") : Json(true)));
      parts.push_back(one);
    }
    parts.push_back(Space());
    return cfg_->Concat(parts);
  }

 private:
  Languages& languages() { return cfg_->languages(); }
  CfgExprId Text(std::string_view text) { return cfg_->Terminal(languages().Literal(fields_.Spelled(text))); }
  CfgExprId Space() {
    const LanguageId blank = languages().Words({" ", "\n", "\t"});
    return cfg_->Terminal(languages().Repeat(blank, 0, kMaxSpace));
  }

  CfgExprId Before(std::string_view text) {
    return tags_.value_begin.empty() ? Text(text) : cfg_->Concat({Text(text), Space(), Text(tags_.value_begin)});
  }

  Result<void> Check() {
    TRY_VOID(SchemaErrors());
    for (const JsonMember& member : schema_.members()) {
      if (IsKeptBetweenTags(member.key)) continue;
      return Error::Unsupported(member.key,
                                "got it beside arguments between tags, want properties, required and "
                                "additionalProperties");
    }
    const Json* type = schema_.Find("type");
    if (type != nullptr && *type != Json("object") && *type != Json::Array({"object"})) {
      return Error::Invalid("type", "got " + type->Dump() + ", want \"object\": arguments between tags are one");
    }
    return {};
  }

  // What is wrong with the whole, before its parts are looked at.
  Result<void> SchemaErrors() {
    if (!schema_.is_object()) return Error::Invalid("", "got a schema that is no object, want one of an object");
    TRY(const auto document, SchemaDocument::Parse(schema_));
    return {};
  }

  // Each once. Check has seen that it is an array of names.
  std::vector<std::string> Required() const {
    std::vector<std::string> names;
    const Json* required = schema_.Find("required");
    for (int64_t i = 0; required != nullptr && required->is_array() && i < required->size(); ++i) {
      if (std::ranges::find(names, (*required)[i].AsString()) == names.end())
        names.push_back((*required)[i].AsString());
    }
    return names;
  }

  Result<CfgExprId> Argument(const std::string& name, const Json& schema) {
    const std::string where = "properties." + name;
    if (name.empty() || name.find_first_of("<>\"&\r\n") != name.npos) {
      return Error::Unsupported(where,
                                "got a name that does not fit into a tag, want one without < > \" & and line ends");
    }
    Result<CfgExprId> rest = Value(schema);
    if (!rest) return std::move(rest).error().Under(where);
    return cfg_->Concat({Space(), Text(std::string(tags_.begin) + name), *rest, Text(tags_.end)});
  }

  Result<CfgExprId> Value(const Json& schema) {
    TRY(const auto document, SchemaDocument::Parse(schema));
    TRY(const LanguageId strings, Strings(*document));
    if (languages().IsNothing(strings)) {
      if (tags_.before_json.contains(kTypeMark)) return TypedJson(schema);
      TRY(auto machine, JsonMachine::Create(document, json_));
      return JsonBehind(tags_.before_json, std::move(machine));
    }
    const LanguageId end = languages().Literal(fields_.Spelled(tags_.end));
    const LanguageId held = languages().Concat(Languages::kAnyText, languages().Concat(end, Languages::kAnyText));
    const LanguageId bare = languages().And(std::array{strings, languages().Not(held)});
    if (languages().IsNothing(bare)) {
      return Error::Invalid("", "got strings that hold the end of their tag, want at least one that does not");
    }
    const CfgExprId value = cfg_->Terminal(bare);
    if (!tags_.has_lines || strings == Languages::kAnyText) return cfg_->Concat({Before(tags_.before_text), value});
    const CfgExprId line = cfg_->Repeat(Text("\n"), 0, 1);
    return cfg_->Concat({Before(tags_.before_text), line, value, line});
  }

  CfgExprId JsonBehind(std::string_view before, std::unique_ptr<JsonMachine> machine) {
    return cfg_->Concat({Before(before), Space(), cfg_->Json(std::move(machine)), Space()});
  }

  // A value behind the name of its type, which is one of those that the schema takes.
  Result<CfgExprId> TypedJson(const Json& schema) {
    std::vector<CfgExprId> choices;
    for (const char* type : kTypesOfJson) {
      const Json typed = Json::Object({{"allOf", Json::Array({schema})}, {"type", type}});
      TRY(const auto document, SchemaDocument::Parse(typed));
      Result<std::unique_ptr<JsonMachine>> machine = JsonMachine::Create(document, json_);
      if (!machine && machine.error().kind == ErrorKind::kInvalid) continue;  // no value of this type
      if (!machine) return std::move(machine).error();
      std::string before(tags_.before_json);
      before.replace(before.find(kTypeMark), kTypeMark.size(), type);
      choices.push_back(JsonBehind(before, std::move(*machine)));
    }
    if (choices.empty())
      return Error::Invalid("", "got a schema that no value satisfies, want one that some value can");
    return cfg_->Or(choices);
  }

  // All strings that satisfy the schema.
  Result<LanguageId> Strings(const SchemaDocument& document) {
    JsonGoals goals(document, languages(), json_.formats, false);
    const LanguageId strings = goals.scalars().Strings({&document.root(), true});
    if (goals.refusal()) return *goals.refusal();
    return strings;
  }

  const Json& schema_;
  const Tags& tags_;
  const JsonStyle& json_;
  Cfg* cfg_;
  TagFields fields_;
};

}  // namespace

bool IsKeptBetweenTags(std::string_view keyword) {
  constexpr std::string_view kKept[] = {"type",        "properties", "required", "additionalProperties",
                                        "$defs",       "title",      "$schema",  "definitions",
                                        "description", "default",    "examples", "strict",
                                        "$comment",    "$id"};
  return std::ranges::find(kKept, keyword) != std::ranges::end(kKept);
}

bool IsArgumentStyle(std::string_view style) { return FindTags(style) != nullptr; }

Result<CfgExprId> TaggedArgumentsOf(const Json& schema, std::string_view style, const JsonStyle& json, Cfg& cfg) {
  return ArgumentsReader(schema, *FindTags(style), json, cfg).Run();
}

}  // namespace atelier
