// Real schemas, each with instances and whether these are valid (real_schemas_testing.h).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>

#include "base/text/json_schema_validator.h"
#include "base/text/real_schemas_testing.h"
#include "base/tree_testing.h"

namespace atelier {
namespace {

TEST(RealSchemas, VerdictsAgree) {
  std::ifstream file = RealSchemasFile();
  if (!file) GTEST_SKIP() << "no ../shared/datasets/schemas beside this tree";
  int schemas = 0, refused = 0, agree = 0, total = 0;
  for (std::string line; std::getline(file, line);) {
    const Json entry = *Json::Parse(line);
    ++schemas;
    const auto schema = SchemaDocument::Parse(entry["schema"]);
    if (!schema.ok()) {
      ++refused;
      std::cout << "refused: " << entry["name"].AsString() << ": " << schema.error().Message() << "\n";
      continue;
    }
    const auto validator = JsonSchemaValidator::Create(*schema, FormatPolicy::kAssert);
    ASSERT_TRUE(validator.ok()) << entry["name"].AsString() << ": " << validator.error().Message();
    for (const Json& test : entry["tests"].items()) {
      const auto violations = validator->Validate(test["data"]);
      ++total;
      if (violations.ok() && violations->empty() == test["valid"].AsBool())
        ++agree;
      else {
        ADD_FAILURE() << entry["name"].AsString() << ": " << test["description"].AsString() << ": "
                      << (!violations.ok()      ? violations.error().Message()
                          : violations->empty() ? "no violation"
                                                : violations->front().Text());
      }
    }
  }
  EXPECT_LE(refused, schemas / 1000);
  std::cout << schemas << " schemas, " << refused << " refused, " << agree << " of " << total << " verdicts agree\n";
}

// The same schemas over changed instances, and what Python's `jsonschema` says of these. tools/golden_json_schema.py
// writes them to a file that is named here: they are made of the dataset, which the project does not carry.
TEST(RealSchemas, ChangedInstancesAgreeWithJsonschema) {
  std::ifstream schemas(SharedPath("/datasets/schemas/schemas.jsonl"));
  const char* path = std::getenv("ATELIER_SCHEMA_MUTANTS");
  if (!schemas || path == nullptr) GTEST_SKIP() << "no ../shared/datasets/schemas, or no ATELIER_SCHEMA_MUTANTS=FILE";
  std::map<std::string, std::string> lines;
  for (std::string line; std::getline(schemas, line);) {
    const std::string name = (*Json::Parse(line))["name"].AsString();
    lines[name] = std::move(line);
  }
  std::ifstream golden(path);
  int mutants = 0;
  for (std::string line; std::getline(golden, line);) {
    const Json mutant = *Json::Parse(line);
    const Json entry = *Json::Parse(lines.at(mutant["name"].AsString()));
    const auto violations =
        ValidateJson(*SchemaDocument::Parse(entry["schema"]), mutant["data"], FormatPolicy::kAssert);
    ASSERT_TRUE(violations.ok()) << violations.error().Message();
    EXPECT_EQ(violations->empty(), mutant["valid"].AsBool())
        << line << (violations->empty() ? "" : violations->front().Text());
    ++mutants;
  }
  EXPECT_GT(mutants, 500);
}

}  // namespace
}  // namespace atelier
