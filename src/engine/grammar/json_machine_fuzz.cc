// Whatever schema and text (two lines): the schema compiles or is refused by name in bounded time; what the machine
// takes whole is valid, and from wherever it stands there is a way to an end that is valid too.
#include <algorithm>

#include "base/text/json_schema_validator.h"
#include "engine/grammar/json_closing.h"
#include "engine/grammar/json_testing.h"

namespace atelier {
namespace {

constexpr size_t kMaxSteps = 4096;  // of a way to the end

void CheckValid(const JsonSchemaValidator& validator, std::string_view text) {
  const auto value = Json::Parse(text);
  CHECK_MSG(value.ok(), std::string(text));
  const auto violations = validator.Validate(*value, 1);
  if (!violations.ok()) return;  // over the validator's budget
  CHECK_MSG(violations->empty(), std::string(text));
}

void Walk(JsonMachine& machine, const JsonSchemaValidator& validator, std::string_view text) {
  JsonReader reader = ReaderOf(machine);
  for (const char c : text) {
    if (!reader.Read({&c, 1})) break;
  }
  JsonClosing closing(machine);
  for (size_t steps = 0;; ++steps) {
    if (machine.languages().over_budget()) return;
    const std::string next = closing.Next(reader.threads(), reader.text());
    if (machine.languages().over_budget()) return;
    if (next.empty()) break;
    CHECK_MSG(steps < kMaxSteps, reader.text());
    CHECK_MSG(reader.Read(next), reader.text() + " then " + next);
  }
  CHECK_MSG(AtEnd(machine, reader), reader.text());
  CheckValid(validator, reader.text());
}

}  // namespace
}  // namespace atelier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  if (size > 1 << 13) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line_end = std::min(input.find('\n'), size);
  const auto schema = Json::Parse(input.substr(0, line_end));
  if (!schema.ok()) return 0;
  const auto document = SchemaDocument::Parse(*schema);
  if (!document.ok()) return 0;
  auto machine = JsonMachine::Create(*document, JsonStyle{});
  if (!machine.ok()) {
    CHECK(!machine.error().Message().empty());
    return 0;
  }
  const auto validator = JsonSchemaValidator::Create(*document, FormatPolicy::kAssert);
  CHECK(validator.ok());
  Walk(**machine, *validator, input.substr(std::min(line_end + 1, size)));
  return 0;
}
