// The machine against the validator, over random schemas: what it writes is valid, what it takes is what is valid, and
// it never comes to a dead end.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "base/text/json_schema_validator.h"
#include "engine/grammar/json_closing.h"
#include "engine/grammar/json_testing.h"
#include "engine/grammar/random_schema.h"

namespace atelier {
namespace {

constexpr size_t kMaxBytes = 20'000;

struct Subject {
  std::unique_ptr<JsonMachine> machine;
  std::optional<JsonSchemaValidator> validator;
  bool Valid(const Json& value) const {
    const auto violations = validator->Validate(value, 1);
    CHECK_MSG(violations.ok(), violations.error().Message());
    return violations->empty();
  }
};

std::optional<Subject> SubjectOf(const Json& schema, const JsonStyle& style) {
  auto document = SchemaDocument::Parse(schema);
  CHECK_MSG(document.ok(), document.error().Message());
  auto machine = JsonMachine::Create(*document, style);
  if (!machine.ok()) return std::nullopt;
  auto validator = JsonSchemaValidator::Create(*document, FormatPolicy::kAnnotate);
  CHECK_MSG(validator.ok(), validator.error().Message());
  return Subject{std::move(*machine), std::move(*validator)};
}

// Writes a document byte by byte, at random, and goes the way to its end once it is long.
std::string Write(JsonMachine& machine, Random& random) {
  JsonReader reader = ReaderOf(machine);
  JsonClosing closing(machine);
  const size_t long_bytes = 5 + random.Below(150);
  while (reader.text().size() < kMaxBytes) {
    if (AtEnd(machine, reader) && random.Uniform() < 0.5) return reader.text();
    if (reader.text().size() > long_bytes) {
      const std::string next = closing.Next(reader.threads(), reader.text());
      if (next.empty()) return reader.text();
      if (!reader.Read(next)) return "no way " + next + " after " + reader.text();
      continue;
    }
    std::vector<uint8_t> allowed;
    for (int byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      const bool digit = reader.threads()[0].phase == JsonPhase::kNumber && std::isalnum(byte) != 0;
      if (digit && random.Uniform() < 0.8) continue;  // texts of a thousand digits show nothing new
      // Beside bounds an exponent follows one digit before the point alone (number_writer.h); the validator reads any.
      if (digit && (c == 'e' || c == 'E')) continue;
      if (reader.CanRead(reader.threads(), {&c, 1})) allowed.push_back(static_cast<uint8_t>(byte));
    }
    if (allowed.empty()) {
      const std::string next = closing.Next(reader.threads(), reader.text());
      if (next.empty()) return reader.text();
      if (!reader.Read(next)) return "dead end after " + reader.text();
      continue;
    }
    const char chosen = static_cast<char>(allowed[random.Below(allowed.size())]);
    CHECK(reader.Read({&chosen, 1}));
  }
  return "no end after " + reader.text();
}

// The value with one thing changed.
Json Mutated(Json value, RandomSchema& make, Random& random) {
  Json* at = &value;
  while (!at->empty() && random.Uniform() < 0.7) {
    const auto index = static_cast<int64_t>(random.Below(static_cast<uint64_t>(at->size())));
    if (at->is_array()) {
      if (random.Uniform() < 0.3) at->Push(Json((*at)[index]));  // where items must differ, in what is changed below
      at = &(*at)[index];
    } else if (at->is_object()) {
      const std::string key = at->members()[static_cast<size_t>(index)].key;
      if (random.Uniform() < 0.2) {
        at->Erase(key);
        return value;
      }
      at = at->Find(key);
    }
  }
  *at = make.Value(2);
  return value;
}

TEST(JsonRandom, WhatIsWrittenIsValidAndWhatIsValidIsTaken) {
  const int64_t num_schemas = FromEnvironment("ATELIER_RANDOM_SCHEMAS", 1500);
  Random random(static_cast<uint64_t>(FromEnvironment("ATELIER_RANDOM_SEED", 20261128)));
  RandomSchema make(random);
  int num_kept = 0;
  int num_taken = 0;
  for (int64_t i = 0; i < num_schemas; ++i) {
    const Json schema = make.Schema(1 + static_cast<int>(random.Below(3)));
    JsonStyle style{.max_whitespace = 1};
    if (i % 5 == 1) style.whitespace_pattern = "( |\n ?)?";
    if (i % 5 == 2) style.whitespace_pattern = "[ \n]";
    if (i % 5 == 3) style = JsonStyle::Served();
    const auto subject = SubjectOf(schema, style);
    if (!subject) continue;
    ++num_kept;
    Json last = make.Value(3);
    for (int n = 0; n < 4; ++n) {
      const std::string text = Write(*subject->machine, random);
      auto value = Json::Parse(text);
      ASSERT_TRUE(value.ok()) << schema.Dump() << "\n" << text;
      ASSERT_TRUE(subject->Valid(*value)) << schema.Dump() << "\n" << text;
      last = std::move(*value);
    }
    for (int n = 0; n < 12 && i % 5 != 2 && i % 5 != 3; ++n) {  // these take not all that is valid
      const Json value = n < 4 ? make.Value(3) : Mutated(last, make, random);
      const bool valid = subject->Valid(value);
      ASSERT_EQ(Takes(*subject->machine, value.Dump()), valid) << schema.Dump() << "\n" << value.Dump();
      num_taken += valid;
    }
  }
  EXPECT_GT(num_kept, num_schemas * 6 / 10);
  EXPECT_GT(num_taken, num_schemas);
}

}  // namespace
}  // namespace atelier
