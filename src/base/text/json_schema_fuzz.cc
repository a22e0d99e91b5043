// Whatever schema and value (two lines), reading and validating answer, within bounds, and say the same thing twice.
#include "base/text/json_schema_validator.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line_end = std::min(text.find('\n'), text.size());
  const auto schema = Json::Parse(text.substr(0, line_end));
  if (!schema.ok()) return 0;
  const auto document = SchemaDocument::Parse(*schema);
  if (!document.ok()) {
    CHECK(!document.error().where.empty());
    CHECK(document.error().kind == ErrorKind::kInvalid || document.error().kind == ErrorKind::kUnsupported ||
          document.error().kind == ErrorKind::kTooLarge);
    return 0;
  }
  const auto validator = JsonSchemaValidator::Create(*document, FormatPolicy::kAssert);
  if (!validator.ok()) return 0;
  const auto value = Json::Parse(text.substr(std::min(line_end + 1, text.size())));
  // Without a value of its own, a schema is tried on itself.
  const Json& instance = value.ok() ? *value : *schema;
  const auto many = validator->Validate(instance, 100);
  const auto one = validator->Validate(instance, 1);
  if (!many.ok() || !one.ok()) return 0;
  CHECK(many->empty() == one->empty());
  for (const SchemaViolation& violation : *many) {
    CHECK(!violation.schema_path.empty() && !violation.keyword.empty() && !violation.message.empty());
  }
  return 0;
}
