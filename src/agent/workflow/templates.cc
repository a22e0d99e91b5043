#include "agent/workflow/templates.h"

#include <utility>

#include "agent/tool_output.h"
#include "base/check.h"

namespace atelier {
namespace {

// The author of a template is trusted, what it goes through may be anybody's.
constexpr JinjaLimits kLimits{
    .max_steps = 2'000'000, .max_text_bytes = size_t{4} << 20, .max_total_bytes = size_t{64} << 20};

// Every text of a value between marks, however deep.
Json Marked(const std::string& source, const Json& value) {
  if (value.is_string()) return MarkedOutside(source, value.AsString());
  Json marked = value;
  if (value.is_array()) {
    for (Json& item : marked.items()) item = Marked(source, item);
  } else if (value.is_object()) {
    for (const JsonMember& member : value.members()) marked.Set(member.key, Marked(source, member.value));
  }
  return marked;
}

bool IsTruth(const Json& value) {
  switch (value.type()) {
    case Json::Type::kNull: return false;
    case Json::Type::kBool: return value.AsBool();
    case Json::Type::kNumber: return value.AsDouble() != 0;
    case Json::Type::kString: return !value.AsString().empty();
    default: return !value.empty();
  }
}

}  // namespace

const NodeValue* NodeScope::Find(std::string_view name) const {
  const auto at = values_.find(name);
  if (at != values_.end()) return &at->second;
  return parent_ ? parent_->Find(name) : nullptr;
}

Result<const JinjaProgram*> Templates::Add(const std::string& source) {
  if (const auto at = parsed_.find(source); at != parsed_.end()) return &at->second;
  TRY(JinjaProgram parsed, JinjaProgram::Parse(source));
  return &parsed_.emplace(source, std::move(parsed)).first->second;
}

Result<NodeValue> Templates::Render(const std::string& source, const NodeScope& scope, bool mark, bool as_text) const {
  const auto at = parsed_.find(source);
  CHECK_MSG(at != parsed_.end(), source);
  const JinjaProgram& parsed = at->second;
  NodeValue rendered;
  Json context = Json::Object({});
  for (const JinjaReference& reference : parsed.References()) {
    const NodeValue* variable = context.Has(reference.name) ? nullptr : scope.Find(reference.name);
    if (!variable) continue;
    rendered.Mix(*variable);
    const bool is_marked = mark && variable->outside;
    context.Set(reference.name, is_marked ? Marked(*variable->tainted_by.begin(), variable->value) : variable->value);
  }
  if (!as_text && parsed.IsExpression()) {
    TRY(rendered.value, parsed.Evaluate(context, kLimits));
  } else {
    TRY(std::string text, parsed.Render(context, kLimits));
    rendered.value = std::move(text);
  }
  return rendered;
}

Result<NodeValue> Templates::RenderAll(const Json& source, const NodeScope& scope, bool mark) const {
  if (source.is_string()) return Render(source.AsString(), scope, mark, false);
  NodeValue all{.value = source};
  if (source.is_array()) {
    for (Json& item : all.value.items()) {
      TRY(NodeValue one, RenderAll(item, scope, mark));
      all.Mix(one);
      item = std::move(one.value);
    }
  } else if (source.is_object()) {
    for (const JsonMember& member : source.members()) {
      TRY(NodeValue one, RenderAll(member.value, scope, mark));
      all.Mix(one);
      all.value.Set(member.key, std::move(one.value));
    }
  }
  return all;
}

Result<NodeValue> Templates::Text(const std::string& source, const NodeScope& scope) const {
  return Render(source, scope, false, true);
}
Result<NodeValue> Templates::Prompt(const std::string& source, const NodeScope& scope) const {
  return Render(source, scope, true, true);
}
Result<NodeValue> Templates::Value(const Json& source, const NodeScope& scope) const {
  return RenderAll(source, scope, false);
}
Result<NodeValue> Templates::PromptValue(const Json& source, const NodeScope& scope) const {
  return RenderAll(source, scope, true);
}

Result<bool> Templates::IsTrue(const std::string& source, const NodeScope& scope) const {
  if (source.empty()) return false;
  TRY(const NodeValue value, Render(source, scope, false, false));
  return IsTruth(value.value);
}

std::string TextOfValue(const Json& value) { return value.is_string() ? value.AsString() : value.Dump(); }

}  // namespace atelier
