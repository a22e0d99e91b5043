#include "provider/reply_grammar.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/grammar/tagged_arguments.h"
#include "provider/tag_format.h"

namespace atelier {
namespace {

using namespace tag_format;

constexpr const char* kId = "[A-Za-z0-9]{9}";
constexpr const char* kIndex = "0|[1-9][0-9]{0,2}";
constexpr const char* kSpace = "[ \\n\\t]*";

// Appends a text of the syntax, its holes open.
void AddText(std::string_view text, const std::string& name, std::vector<Json>& parts) {
  while (!text.empty()) {
    const size_t hole = text.find_first_of(kHoles);
    if (hole != 0) parts.push_back(Text(std::string(text.substr(0, hole))));
    if (hole == text.npos) return;
    if (text[hole] == kIdHole) parts.push_back(Pattern(kId));
    if (text[hole] == kIndexHole) parts.push_back(Pattern(kIndex));
    if (text[hole] == kNameHole) parts.push_back(Text(name));
    text.remove_prefix(hole + 1);
  }
}

std::string EscapePattern(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}/").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// One argument's schema, alone.
Json Alone(const Json& property, const Json& schema) {
  if (!property.is_object()) return property;
  Json alone = property;
  for (const char* definitions : {"$defs", "definitions"}) {
    if (const Json* found = schema.Find(definitions)) alone.Set(definitions, *found);
  }
  return alone;
}

// A $ref to what is no definition would mean something else in a schema that stands alone.
Result<void> WantLocalReferences(const Json& schema, const std::string& where) {
  if (schema.is_array()) {
    for (int64_t i = 0; i < schema.size(); ++i) {
      TRY_VOID(WantLocalReferences(schema[i], where + "[" + std::to_string(i) + "]"));
    }
  }
  if (!schema.is_object()) return {};
  for (const JsonMember& member : schema.members()) {
    const bool refers = member.key == "$ref" && member.value.is_string();
    if (refers && !member.value.AsString().starts_with("#/$defs/") &&
        !member.value.AsString().starts_with("#/definitions/")) {
      return Error::Unsupported(
          where + ".$ref", "got \"" + member.value.AsString() + "\", want one to #/$defs/ with this model's calls");
    }
    TRY_VOID(WantLocalReferences(member.value, where + "." + member.key));
  }
  return {};
}

class TaggedFormat {
 public:
  TaggedFormat(const TaggedArguments& tags, const Tool& tool) : tags_(tags), tool_(tool) {}

  Result<std::vector<Json>> Run() {
    TRY_VOID(ReadParameters());
    return From(0, false);
  }

 private:
  struct Parameter {
    std::string name;
    Json schema;
    bool required = false;
  };

  Result<void> ReadParameters() {
    const Json schema = tool_.custom ? InputSchema(tool_) : tool_.parameters;
    if (!schema.is_object()) return {};
    for (const JsonMember& member : schema.members()) {
      if (!IsKeptBetweenTags(member.key)) {
        return Error::Unsupported(member.key, "got it in the parameters of '" + tool_.name +
                                                  "', want none: this model writes arguments one by one, between tags");
      }
    }
    TRY_VOID(WantLocalReferences(schema, ""));
    if (const Json* properties = schema.Find("properties"); properties != nullptr && properties->is_object()) {
      for (const JsonMember& member : properties->members()) {
        parameters_.push_back({member.key, Alone(member.value, schema), false});
      }
    }
    const Json* required = schema.Find("required");
    for (int64_t i = 0; required != nullptr && required->is_array() && i < required->size(); ++i) {
      const std::string name = (*required)[i].is_string() ? (*required)[i].AsString() : std::string();
      const auto found = std::ranges::find(parameters_, name, &Parameter::name);
      if (found != parameters_.end()) {
        found->required = true;
      } else {
        const Json* others = schema.Find("additionalProperties");
        parameters_.push_back({name, others == nullptr ? Json(true) : Alone(*others, schema), true});
      }
    }
    return {};
  }

  // Arguments from the i-th on; `follows`: one is there before them.
  std::vector<Json> From(size_t i, bool follows) const {
    if (i == parameters_.size()) return {};
    const Parameter& parameter = parameters_[i];
    std::vector<Json> with;
    if (follows) AddText(tags_.list.separator, {}, with);
    AddOne(parameter, with);
    if (follows || tags_.list.separator.empty()) {
      std::vector<Json> parts;
      if (parameter.required) {
        parts = std::move(with);
      } else {
        parts.push_back(Optional(Sequence(std::move(with))));
      }
      std::ranges::move(From(i + 1, true), std::back_inserter(parts));
      return parts;
    }
    std::ranges::move(From(i + 1, true), std::back_inserter(with));
    if (parameter.required) return with;
    std::vector<Json> without = From(i + 1, false);
    Json taken = Sequence(std::move(with));
    if (without.empty()) return {Optional(std::move(taken))};
    return {Or({std::move(taken), Sequence(std::move(without))})};
  }

  void AddOne(const Parameter& parameter, std::vector<Json>& parts) const {
    const bool raw = HasRawInput(tool_);
    const bool plain = raw || IsPlainText(parameter.schema);
    AddText(tags_.list.begin + parameter.name + (plain ? tags_.after_text_key : tags_.after_key), tool_.name, parts);
    const std::string end = plain ? tags_.text_end : tags_.list.end;
    if (raw) {
      parts.push_back(Json::Object({{"type", "grammar"}, {"grammar", tool_.input->text}}));
    } else {
      parts.push_back(plain ? PlainValue(parameter.schema) : Schema(parameter.schema));
    }
    AddText(end, tool_.name, parts);
  }

  static Json PlainValue(const Json& schema) {
    const Json* words = schema.Find("enum");
    if (words == nullptr) return AnyText();
    std::vector<Json> choices;
    for (const Json& word : words->items()) choices.push_back(Text(word.AsString()));
    return Or(std::move(choices));
  }

  const TaggedArguments& tags_;
  const Tool& tool_;
  std::vector<Parameter> parameters_;
};

class Builder {
 public:
  explicit Builder(const ReplyPlan& plan) : plan_(plan), calls_(plan.syntax->calls ? &*plan.syntax->calls : nullptr) {}

  Result<std::optional<GrammarSpec>> Run() {
    const bool may_call = plan_.use->MayCall();
    const bool must_not = !plan_.use->tools.empty() && !may_call;
    if (!may_call && plan_.answer == nullptr && !must_not) return std::optional<GrammarSpec>();
    if (!may_call && plan_.answer != nullptr && plan_.reasoning == ReasoningState::kNone &&
        plan_.syntax->content_begin.empty()) {
      return std::optional<GrammarSpec>(*plan_.answer);
    }
    TRY(Json body, may_call ? WithCalls() : WithoutCalls());
    GrammarSpec spec;
    spec.kind = GrammarSpec::Kind::kStructuralTag;
    spec.style = plan_.answer != nullptr ? plan_.answer->style : JsonStyle::Served();
    spec.where = plan_.answer != nullptr && !may_call ? plan_.answer->where : "tools";
    spec.schema = Json::Object({{"type", "structural_tag"}, {"format", Reasoned(std::move(body))}});
    return std::optional<GrammarSpec>(std::move(spec));
  }

 private:
  // Any reasoning, and then the body.
  Json Reasoned(Json body) const {
    if (plan_.reasoning == ReasoningState::kNone) return body;
    const ReasoningSyntax& marks = *plan_.syntax->reasoning;
    std::vector<Json> parts;
    if (plan_.reasoning == ReasoningState::kMayBegin) {
      parts.push_back(Pattern(kSpace));
      parts.push_back(Text(marks.begin));
    }
    parts.push_back(AnyText());
    parts.push_back(Text(marks.end));
    parts.push_back(Pattern(kSpace));
    if (plan_.reasoning == ReasoningState::kMayBegin) return Sequence({Optional(Sequence(parts)), std::move(body)});
    parts.push_back(std::move(body));
    return Sequence(std::move(parts));
  }

  Json Content(Json text) const {
    if (plan_.syntax->content_begin.empty()) return text;
    return Sequence({Text(plan_.syntax->content_begin), std::move(text)});
  }

  // What makes a text a call when it stands at the beginning of a turn; empty: a name.
  std::string Head() const {
    std::string head = calls_->calls.open + calls_->calls.begin;
    return head.substr(0, head.find_first_of(kHoles));
  }

  // Any text that is no call.
  Json FreeText() const {
    if (!calls_->trigger.empty()) return TextWithout(calls_->trigger);
    if (!calls_->after_content.empty()) return TextWithout(calls_->after_content);
    if (Head().empty() || !plan_.syntax->content_begin.empty()) return AnyText();
    return Pattern("(?!" + EscapePattern(Head()) + ")[^]*");
  }

  Result<Json> WithoutCalls() const {
    if (plan_.answer == nullptr) return Content(FreeText());
    TRY(Json answer, Answer());
    return Content(std::move(answer));
  }

  Result<Json> WithCalls() {
    const std::string open = calls_->calls.open + calls_->calls.begin;
    const bool required = plan_.use->choice == ToolUse::Choice::kRequired;
    if (!required && plan_.answer == nullptr && !calls_->trigger.empty()) {
      TRY(Json rest, Calls(open.substr(calls_->trigger.size())));
      if (plan_.syntax->content_begin.empty()) return UpTo(calls_->trigger, std::move(rest));
      return Or({Content(UpTo(calls_->trigger, rest)), Sequence({Text(calls_->trigger), rest})});
    }
    TRY(Json calls, Calls(open));
    if (required) return calls;
    if (plan_.answer != nullptr) {
      TRY(Json answer, Answer());
      return Or({std::move(calls), Content(std::move(answer))});
    }
    if (calls_->after_content.empty()) return Or({std::move(calls), Content(FreeText())});
    TRY(Json behind_content, Calls({}));
    return Or({std::move(calls), Content(UpTo(calls_->after_content, std::move(behind_content)))});
  }

  // A list of calls, of which the first begins with `first`.
  Result<Json> Calls(const std::string& first) const {
    std::vector<Json> parts;
    TRY(Json one, OneOf(first));
    parts.push_back(std::move(one));
    if (plan_.use->parallel && calls_->several) {
      TRY(Json next, OneOf(calls_->calls.separator + calls_->calls.begin));
      parts.push_back(Any(std::move(next)));
    }
    AddText(calls_->calls.close, {}, parts);
    return Sequence(std::move(parts));
  }

  Result<Json> OneOf(const std::string& begin) const {
    std::vector<Json> choices;
    const std::vector<Tool>& tools = plan_.use->tools;
    for (size_t i = 0; i < tools.size(); ++i) {
      if (!plan_.use->IsAllowed(tools[i].name)) continue;
      Result<Json> call = Call(tools[i], begin);
      if (!call.ok()) return std::move(call).error().Under("tools[" + std::to_string(i) + "]");
      choices.push_back(std::move(*call));
    }
    return Or(std::move(choices));
  }

  Result<Json> Call(const Tool& tool, const std::string& begin) const {
    std::vector<Json> parts;
    AddText(begin, tool.name, parts);
    AddText(tool.name + calls_->after_name, tool.name, parts);
    if (calls_->tagged) {
      auto arguments = TaggedFormat(*calls_->tagged, tool).Run();
      if (!arguments.ok()) return std::move(arguments).error().Under("function.parameters");
      std::ranges::move(*arguments, std::back_inserter(parts));
    } else if (HasRawInput(tool)) {
      parts.push_back(Json::Object({{"type", "grammar"}, {"grammar", tool.input->text}}));
    } else {
      parts.push_back(Schema(tool.custom ? InputSchema(tool) : tool.parameters));
    }
    AddText(calls_->calls.end, tool.name, parts);
    return Sequence(std::move(parts));
  }

  Result<Json> Answer() const {
    const GrammarSpec& answer = *plan_.answer;
    switch (answer.kind) {
      case GrammarSpec::Kind::kJsonSchema: return Schema(answer.schema);
      case GrammarSpec::Kind::kRegex: return Pattern(answer.text);
      case GrammarSpec::Kind::kGrammar: return Json::Object({{"type", "grammar"}, {"grammar", answer.text}});
      case GrammarSpec::Kind::kStructuralTag: return NestedTag(answer.schema);
      case GrammarSpec::Kind::kChoice: break;
    }
    std::vector<Json> choices;
    for (const std::string& choice : answer.choices) choices.push_back(Text(choice));
    if (choices.empty()) return Error::Invalid("", "got no choice, want at least one").Under(answer.where);
    return Or(std::move(choices));
  }

  static Json NestedTag(const Json& tag) {
    if (!tag.Has("structures")) return tag["format"];
    Json tags = Json::Array();
    for (const Json& structure : tag["structures"].items()) {
      tags.Push(Json::Object({{"type", "tag"},
                              {"begin", structure["begin"]},
                              {"content", Schema(structure["schema"])},
                              {"end", structure["end"]}}));
    }
    return Json::Object({{"type", "triggered_tags"}, {"triggers", tag["triggers"]}, {"tags", std::move(tags)}});
  }

  const ReplyPlan& plan_;
  const CallSyntax* calls_;
};

}  // namespace

bool IsPlainText(const Json& schema) {
  if (!schema.is_object() || schema["type"] != Json("string")) return false;
  for (const JsonMember& member : schema.members()) {
    constexpr std::string_view kKept[] = {"type",     "title", "description", "default",
                                          "examples", "$defs", "definitions", "$comment"};
    if (std::ranges::find(kKept, member.key) != std::ranges::end(kKept)) continue;
    const bool is_words = member.key == "enum" && member.value.is_array() && !member.value.empty() &&
                          std::ranges::all_of(member.value.items(), [](const Json& word) {
                            return word.is_string() && word.AsString().find_first_of("<>'\"|") == std::string::npos;
                          });
    if (!is_words) return false;
  }
  return true;
}

Json InputSchema(const Tool& tool) {
  Json input = Json::Object({{"type", "string"}});
  if (tool.input && tool.input->kind == GrammarSpec::Kind::kRegex) {
    input.Set("pattern", "^(?:" + tool.input->text + ")$");
  }
  return Json::Object({{"type", "object"},
                       {"properties", Json::Object({{"input", std::move(input)}})},
                       {"required", Json::Array({"input"})},
                       {"additionalProperties", false}});
}

Result<std::optional<GrammarSpec>> ReplyGrammar(const ReplyPlan& plan) { return Builder(plan).Run(); }

}  // namespace atelier
