// JSON-Schema-Test-Suite, draft 2020-12, which tests/schema/run fetches and names in ATELIER_JSON_SCHEMA_SUITE: would
// the machine take this instance? Every verdict agrees, or the schema is refused by name.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/grammar/json_testing.h"

namespace atelier {
namespace {

std::string Suite() {
  const char* path = std::getenv("ATELIER_JSON_SCHEMA_SUITE");
  return path == nullptr ? "" : path;
}

struct Tally {
  int agree = 0, refused = 0, elsewhere = 0, wrong = 0;

  void Group(const std::string& file, const Json& group, const JsonStyle& style) {
    const std::string name = file + ": " + group["description"].AsString();
    const auto num_tests = static_cast<int>(group["tests"].size());
    auto document = SchemaDocument::Parse(group["schema"]);
    if (!document.ok()) {  // it needs another document
      elsewhere += num_tests;
      return;
    }
    auto machine = JsonMachine::Create(*document, style);
    const bool nothing = !machine.ok() && machine.error().kind == ErrorKind::kInvalid;
    if (!machine.ok() && !nothing) {
      std::printf("refused: %s: %s\n", name.c_str(), machine.error().Message().c_str());
      refused += num_tests;
      return;
    }
    for (const Json& test : group["tests"].items()) {
      const bool taken = !nothing && Takes(**machine, test["data"].Dump());
      const bool agrees = taken == test["valid"].AsBool();
      ++(agrees ? agree : wrong);
      EXPECT_TRUE(agrees) << name << ": " << test["description"].AsString() << ": " << test["data"].Dump();
    }
  }

  void Folder(const std::filesystem::path& folder, const JsonStyle& style) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".json") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    for (const auto& path : files) {
      std::ifstream file(path);
      const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
      const Json groups = ParsedJson(text);
      for (const Json& group : groups.items()) Group(path.filename().string(), group, style);
    }
    std::printf("%s: %d agree, %d refused, %d need another document, %d wrong\n", folder.filename().c_str(), agree,
                refused, elsewhere, wrong);
  }
};

TEST(JsonMachineSuite, RequiredTestsAgree) {
  if (Suite().empty()) GTEST_SKIP() << "tests/schema/run runs this with the suite";
  Tally tally;
  tally.Folder(Suite(), {.formats = false});
  EXPECT_LE(tally.refused * 100, tally.agree * 3);
}

TEST(JsonMachineSuite, FormatsAgree) {
  if (Suite().empty()) GTEST_SKIP() << "tests/schema/run runs this with the suite";
  Tally tally;
  tally.Folder(std::filesystem::path(Suite()) / "optional" / "format", {});
  EXPECT_EQ(tally.refused, 0);
}

}  // namespace
}  // namespace atelier
