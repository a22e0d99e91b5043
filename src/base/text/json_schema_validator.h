// Says whether a JSON value is valid under a schema, and why not: every keyword of draft 2020-12. Shares nothing with
// the generator but the schema as it was read, so that each can be tested against the other.
//
//   TRY(const auto schema, SchemaDocument::Parse(json));
//   TRY(const auto violations, ValidateJson(schema, value, FormatPolicy::kAssert));    // none: valid
//
// Numbers are compared exactly, whatever their size; lengths are counted in code points; `uniqueItems`, `enum` and
// `const` compare by value, so 1 is 1.0 and the order of members does not matter.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "base/text/json_schema.h"

namespace atelier {

enum class FormatPolicy { kAnnotate, kAssert };

struct SchemaViolation {
  std::string instance_path;  // a JSON pointer into the value; empty is the value itself
  std::string schema_path;    // "#/properties/a/minimum"
  std::string keyword;        // "minimum"; "false" where the schema is `false`
  std::string message;        // "got 3, want at least 5"

  std::string Text() const;  // "/a: got 3, want at least 5 (#/properties/a/minimum)"
};

// Immutable; may be used from any thread.
class JsonSchemaValidator {
 public:
  // Invalid or Unsupported where a `pattern` or a name of `patternProperties` is no regular expression; `where` is its
  // path.   COST: compiles every pattern.
  static Result<JsonSchemaValidator> Create(std::shared_ptr<const SchemaDocument> schema, FormatPolicy formats);

  JsonSchemaValidator(JsonSchemaValidator&&) noexcept;
  JsonSchemaValidator& operator=(JsonSchemaValidator&&) noexcept;
  ~JsonSchemaValidator();

  // The first violations, in the value's order; none if it is valid. TooLarge where the answer takes too much work: a
  // pattern that backtracks without end, or some millions of schemas applied.
  Result<std::vector<SchemaViolation>> Validate(const Json& value, size_t max_violations = 10) const;

 private:
  friend class SchemaEvaluation;
  struct Prepared;
  explicit JsonSchemaValidator(std::unique_ptr<const Prepared> prepared);

  std::unique_ptr<const Prepared> prepared_;
};

// The same at once, for a schema that is used one time.
Result<std::vector<SchemaViolation>> ValidateJson(std::shared_ptr<const SchemaDocument> schema, const Json& value,
                                                  FormatPolicy formats);

}  // namespace atelier
