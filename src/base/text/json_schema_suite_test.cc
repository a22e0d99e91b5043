// JSON-Schema-Test-Suite, draft 2020-12, which tests/schema/run fetches and names in ATELIER_JSON_SCHEMA_SUITE (the
// folder tests/draft2020-12). Every verdict agrees, or its schema is refused by name because it needs another document.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/text/json_schema_validator.h"

namespace atelier {
namespace {

Json ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  auto json = Json::Parse(text.str());
  EXPECT_TRUE(json.ok()) << path;
  return json.ok() ? *json : Json::Array();
}

struct Tally {
  int agree = 0, refused = 0, wrong = 0;

  void Group(const std::string& file, const Json& group, FormatPolicy formats) {
    const auto schema = SchemaDocument::Parse(group["schema"]);
    const std::string name = file + ": " + group["description"].AsString();
    if (!schema.ok()) {
      EXPECT_EQ(schema.error().kind, ErrorKind::kUnsupported) << name << ": " << schema.error().Message();
      refused += static_cast<int>(group["tests"].size());
      return;
    }
    for (const Json& test : group["tests"].items()) {
      const auto violations = ValidateJson(*schema, test["data"], formats);
      const bool agrees = violations.ok() && violations->empty() == test["valid"].AsBool();
      ++(agrees ? agree : wrong);
      EXPECT_TRUE(agrees) << name << ": " << test["description"].AsString() << ": " << test["data"].Dump() << ": "
                          << (!violations.ok()      ? violations.error().Message()
                              : violations->empty() ? "no violation"
                                                    : violations->front().Text());
    }
  }

  void Folder(const std::filesystem::path& folder, FormatPolicy formats) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".json") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    for (const auto& file : files) {
      const Json groups = ReadFile(file);
      for (const Json& group : groups.items()) Group(file.filename().string(), group, formats);
    }
    std::cout << folder.filename().string() << ": " << agree << " agree, " << refused << " refused (another document), "
              << wrong << " wrong\n";
  }
};

std::filesystem::path Suite() {
  const char* path = std::getenv("ATELIER_JSON_SCHEMA_SUITE");
  return path ? path : "";
}

TEST(JsonSchemaSuite, RequiredTestsAgree) {
  if (Suite().empty()) GTEST_SKIP() << "tests/schema/run runs this with the suite";
  Tally tally;
  tally.Folder(Suite(), FormatPolicy::kAnnotate);
  EXPECT_GT(tally.agree, 1'000);
}

TEST(JsonSchemaSuite, OptionalTestsAgree) {
  if (Suite().empty()) GTEST_SKIP() << "tests/schema/run runs this with the suite";
  Tally tally;
  tally.Folder(Suite() / "optional", FormatPolicy::kAnnotate);
  EXPECT_GT(tally.agree, 100);
}

TEST(JsonSchemaSuite, FormatsAgree) {
  if (Suite().empty()) GTEST_SKIP() << "tests/schema/run runs this with the suite";
  Tally tally;
  tally.Folder(Suite() / "optional" / "format", FormatPolicy::kAssert);
  EXPECT_GT(tally.agree, 400);
}

}  // namespace
}  // namespace atelier
