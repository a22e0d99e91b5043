// One run of the validator over one value: a walk of schema and value side by side.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/text/ecma_regex.h"
#include "base/text/json_schema_validator.h"

namespace atelier {

// What is made of a schema once, for all values.
struct JsonSchemaValidator::Prepared {
  std::shared_ptr<const SchemaDocument> schema;
  FormatPolicy formats = FormatPolicy::kAnnotate;
  std::unordered_map<std::string_view, EcmaRegex> patterns;
  // Of schemas with many properties.
  std::unordered_map<const SchemaNode*, std::unordered_map<std::string_view, SchemaNode::Ref>> properties;

  SchemaNode::Ref FindProperty(const SchemaNode& node, std::string_view name) const;
};

class SchemaEvaluation {
 public:
  using Prepared = JsonSchemaValidator::Prepared;

  SchemaEvaluation(const Prepared& prepared, size_t max_violations)
      : prepared_(prepared), max_violations_(std::max<size_t>(max_violations, 1)) {}

  Result<std::vector<SchemaViolation>> Run(const Json& value);

 private:
  // Which items or members of one value a schema has looked at: what `unevaluatedItems` and `unevaluatedProperties` are
  // about. Absent (a null pointer) where nobody asks.
  using Seen = std::vector<bool>;

  // Whether the value is valid. Marks `seen`, which counts only then.
  bool Apply(const SchemaNode& node, const Json& value, Seen* seen);
  // The same without a word about violations, and stopping at the first.
  bool Matches(const SchemaNode& node, const Json& value, Seen* seen);
  bool ApplyTo(const SchemaNode& node, const Json& value, std::variant<std::string_view, size_t> step);

  // Each checks the keywords of one kind.
  bool Types(const SchemaNode& node, const Json& value, Seen* seen);
  bool Values(const SchemaNode& node, const Json& value, Seen* seen);
  bool Numbers(const SchemaNode& node, const Json& value, Seen* seen);
  bool Strings(const SchemaNode& node, const Json& value, Seen* seen);
  bool Items(const SchemaNode& node, const Json& value, Seen* seen);
  bool Contains(const SchemaNode& node, const Json& value, Seen* seen);
  bool Unique(const SchemaNode& node, const Json& value, Seen* seen);
  bool Members(const SchemaNode& node, const Json& value, Seen* seen);
  bool Names(const SchemaNode& node, const Json& value, Seen* seen);
  bool Dependencies(const SchemaNode& node, const Json& value, Seen* seen);
  bool References(const SchemaNode& node, const Json& value, Seen* seen);
  bool Alternatives(const SchemaNode& node, const Json& value, Seen* seen);
  bool Conditions(const SchemaNode& node, const Json& value, Seen* seen);
  bool Unevaluated(const SchemaNode& node, const Json& value, Seen* seen);

  bool Member(const SchemaNode& node, const JsonMember& member, bool& is_seen);
  bool CountIs(const SchemaNode& node, int64_t count, std::string_view of, const std::optional<int64_t>& least,
               std::string_view least_keyword, const std::optional<int64_t>& most, std::string_view most_keyword);
  // Whether the pattern is found in the text; false, and the run stops, where that takes too long.
  bool Found(const std::string& pattern, std::string_view text);

  bool IsQuiet() const { return quiet_ > 0; }
  // Returns false. `message` is made only where somebody will read it.
  template <class Message>
  bool Violates(const SchemaNode& node, std::string_view keyword, const Message& message) {
    if (!IsQuiet() && violations_.size() < max_violations_) Record(node, keyword, message());
    return false;
  }
  void Record(const SchemaNode& node, std::string_view keyword, std::string message);
  bool Stop(Error error);  // returns false

  const Prepared& prepared_;
  size_t max_violations_;
  std::vector<SchemaViolation> violations_;
  std::vector<std::variant<std::string_view, size_t>> path_;
  std::optional<Error> stopped_;
  int quiet_ = 0;
  int depth_ = 0;
  int64_t steps_ = 0;
};

}  // namespace atelier
