#include "base/text/json_schema_validator.h"

#include <algorithm>

#include "base/text/json_schema_evaluation.h"
#include "base/text/json_schema_index.h"

namespace atelier {
namespace {

constexpr int64_t kMaxSteps = 4'000'000;  // schemas applied; about a second
constexpr int kMaxDepth = 2'000;          // of schemas applied within each other, some 500 bytes of stack each
constexpr size_t kManyProperties = 12;    // from here on a table finds them faster

}  // namespace

std::string SchemaViolation::Text() const {
  return (instance_path.empty() ? "the value" : instance_path) + ": " + message + " (" + schema_path + ")";
}

SchemaNode::Ref JsonSchemaValidator::Prepared::FindProperty(const SchemaNode& node, std::string_view name) const {
  if (node.properties.size() >= kManyProperties) {
    const auto& table = properties.at(&node);
    const auto found = table.find(name);
    return found == table.end() ? nullptr : found->second;
  }
  for (const auto& [known, schema] : node.properties) {
    if (known == name) return schema;
  }
  return nullptr;
}

JsonSchemaValidator::JsonSchemaValidator(std::unique_ptr<const Prepared> prepared) : prepared_(std::move(prepared)) {}
JsonSchemaValidator::JsonSchemaValidator(JsonSchemaValidator&&) noexcept = default;
JsonSchemaValidator& JsonSchemaValidator::operator=(JsonSchemaValidator&&) noexcept = default;
JsonSchemaValidator::~JsonSchemaValidator() = default;

Result<JsonSchemaValidator> JsonSchemaValidator::Create(std::shared_ptr<const SchemaDocument> schema,
                                                        FormatPolicy formats) {
  auto prepared = std::make_unique<Prepared>();
  const auto compile = [&](const SchemaNode& node, const std::string& pattern, std::string_view at) -> Result<void> {
    if (prepared->patterns.contains(pattern)) return {};
    auto regex = EcmaRegex::Compile(pattern);
    if (!regex.ok()) {
      Error error = std::move(regex).error();
      error.where = node.path + std::string(at);
      return error;
    }
    prepared->patterns.emplace(pattern, std::move(regex).value());
    return {};
  };
  for (const SchemaNode& node : schema->nodes()) {
    if (node.pattern) TRY_VOID(compile(node, *node.pattern, "/pattern"));
    for (const auto& [pattern, value] : node.pattern_properties) TRY_VOID(compile(node, pattern, "/patternProperties"));
    if (node.properties.size() < kManyProperties) continue;
    for (const auto& [name, value] : node.properties) prepared->properties[&node].emplace(name, value);
  }
  prepared->schema = std::move(schema);
  prepared->formats = formats;
  return JsonSchemaValidator(std::move(prepared));
}

Result<std::vector<SchemaViolation>> JsonSchemaValidator::Validate(const Json& value, size_t max_violations) const {
  return SchemaEvaluation(*prepared_, max_violations).Run(value);
}

Result<std::vector<SchemaViolation>> ValidateJson(std::shared_ptr<const SchemaDocument> schema, const Json& value,
                                                  FormatPolicy formats) {
  TRY(const JsonSchemaValidator validator, JsonSchemaValidator::Create(std::move(schema), formats));
  return validator.Validate(value);
}

Result<std::vector<SchemaViolation>> SchemaEvaluation::Run(const Json& value) {
  const bool is_valid = Apply(prepared_.schema->root(), value, nullptr);
  if (stopped_) return *std::move(stopped_);
  CHECK(is_valid == violations_.empty());
  return std::move(violations_);
}

bool SchemaEvaluation::Apply(const SchemaNode& node, const Json& value, Seen* seen) {
  if (stopped_) return false;
  if (++steps_ > kMaxSteps || depth_ >= kMaxDepth) {
    return Stop(Error::TooLarge(node.path, "got a schema and a value that take too long to compare"));
  }
  if (node.never) return Violates(node, "false", [] { return "got a value where the schema allows none"; });
  const bool asks = (node.unevaluated_items != nullptr && value.is_array()) ||
                    (node.unevaluated_properties != nullptr && value.is_object());
  Seen own(asks ? static_cast<size_t>(value.size()) : 0);
  Seen* const collected = asks ? &own : seen;

  using Check = bool (SchemaEvaluation::*)(const SchemaNode&, const Json&, Seen*);
  static constexpr Check kChecks[] = {
      &SchemaEvaluation::Types,        &SchemaEvaluation::Values,       &SchemaEvaluation::Numbers,
      &SchemaEvaluation::Strings,      &SchemaEvaluation::Items,        &SchemaEvaluation::Contains,
      &SchemaEvaluation::Unique,       &SchemaEvaluation::Members,      &SchemaEvaluation::Names,
      &SchemaEvaluation::References,   &SchemaEvaluation::Alternatives, &SchemaEvaluation::Conditions,
      &SchemaEvaluation::Dependencies, &SchemaEvaluation::Unevaluated};
  ++depth_;
  bool is_valid = true;
  for (const Check check : kChecks) {
    if ((this->*check)(node, value, collected)) continue;
    is_valid = false;
    if (IsQuiet() || stopped_ || violations_.size() >= max_violations_) break;
  }
  --depth_;
  if (asks && seen != nullptr && is_valid) {
    for (size_t i = 0; i < own.size(); ++i) (*seen)[i] = (*seen)[i] || own[i];
  }
  return is_valid;
}

bool SchemaEvaluation::Matches(const SchemaNode& node, const Json& value, Seen* seen) {
  ++quiet_;
  Seen marked(seen ? seen->size() : 0);
  const bool matches = Apply(node, value, seen ? &marked : nullptr);
  --quiet_;
  for (size_t i = 0; matches && i < marked.size(); ++i) (*seen)[i] = (*seen)[i] || marked[i];
  return matches;
}

bool SchemaEvaluation::ApplyTo(const SchemaNode& node, const Json& value, std::variant<std::string_view, size_t> step) {
  path_.push_back(step);
  const bool is_valid = Apply(node, value, nullptr);
  path_.pop_back();
  return is_valid;
}

void SchemaEvaluation::Record(const SchemaNode& node, std::string_view keyword, std::string message) {
  SchemaViolation violation;
  for (const auto& step : path_) {
    const auto* name = std::get_if<std::string_view>(&step);
    AppendPointer(violation.instance_path, name ? *name : std::string_view(std::to_string(std::get<size_t>(step))));
  }
  violation.schema_path = node.path;
  if (!node.never) violation.schema_path.append("/").append(keyword);
  violation.keyword = keyword;
  violation.message = std::move(message);
  violations_.push_back(std::move(violation));
}

bool SchemaEvaluation::Stop(Error error) {
  if (!stopped_) stopped_ = std::move(error);
  return false;
}

bool SchemaEvaluation::Found(const std::string& pattern, std::string_view text) {
  auto found = prepared_.patterns.at(pattern).Search(text);
  if (!found.ok()) return Stop(std::move(found).error());
  return *found;
}

}  // namespace atelier
