// What tool.h and tool_entry.h promise, over every type (settings of those that need some: SettingsOf).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "agent/tools/tools_testing.h"
#include "base/random.h"
#include "base/store/db.h"
#include "base/text/json_schema.h"
#include "base/text/json_schema_validator.h"

namespace atelier {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// With what a type is made here; null: it needs nothing. `folder` is empty, and the test's own.
Json SettingsOf(std::string_view type, const std::string& folder) {
  if (type == "corpus_search") return Json::Object({{"corpus", "handbook"}});
  const auto put = [&](const std::string& path, std::string_view text) {
    CHECK(Files::Real().MakeFolders(FolderOf(folder + "/" + path)).ok());
    CHECK(WriteAtomically(Files::Real(), folder + "/" + path, text).ok());
    return folder + "/" + path;
  };
  if (type == "shell" || type == "python") return Json::Object({{"keep_files", false}});
  if (type == "files") return Json::Object({{"folder", folder}, {"write", true}});
  if (type == "executable") {
    return Json::Object({{"manifest", put("tool.json", R"({"name": "echo", "description": "Answers what it is told.",
        "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}, "command": ["cat"]})")}});
  }
  if (type == "skills") {
    put("skills/greeting/SKILL.md", "---\nname: greeting\ndescription: How to greet.\n---\nSay hello.\n");
    return Json::Object({{"folder", folder + "/skills"}});
  }
  // Nobody listens there: a call gets an error.
  if (type == "http_fetch") return Json::Object({{"private", Json::Array({"127.0.0.1:1"})}});
  if (type == "drive") return Json::Object({{"folder", folder}, {"write", true}});
  if (type == "mail") {
    for (const char* part : {"/box/cur", "/box/new"}) CHECK(Files::Real().MakeFolders(folder + part).ok());
    return Json::Object({{"path", folder + "/box"}});
  }
  if (type == "openapi") {
    const std::string document = folder + "/api.json";
    const Result<void> written = WriteAtomically(Files::Real(), document, R"({"openapi": "3.1.0", "paths": {"/a/{b}": {
        "get": {"summary": "Gives something", "parameters": [{"name": "b", "in": "path", "schema": {"type": "string"}}]},
        "post": {"requestBody": {"content": {"application/json": {}}}}}}})");
    CHECK(written.ok());
    return Json::Object({{"document", document}, {"server", "http://127.0.0.1:1"}});
  }
  if (type == "sql") {
    const std::string database = folder + "/some.db";
    CHECK(Db::Open(database)->Execute("CREATE TABLE IF NOT EXISTS t(a)").ok());
    return Json::Object({{"database", database}});
  }
  if (type == "web_search") return Json::Object({{"url", "http://127.0.0.1:1"}});
  return {};
}

std::string Describe(const ::testing::TestParamInfo<const ToolEntry*>& info) { return std::string(info.param->type); }

class ToolConformance : public ::testing::TestWithParam<const ToolEntry*> {
 protected:
  const ToolEntry& entry() const { return *GetParam(); }
  ToolConfig Config() {
    ToolConfig config;
    config.type = entry().type;
    config.with = SettingsOf(config.type, bench_.folder());
    return config;
  }
  AgentTools Tools() { return bench_.Make(Config()).value(); }

  ToolBench bench_;
};

TEST_P(ToolConformance, SpecsAreValid) {
  EXPECT_FALSE(entry().sentence.empty());
  for (const auto& tool : Tools()) {
    const ToolSpec& spec = tool->spec();
    SCOPED_TRACE(spec.name);
    EXPECT_TRUE(CheckToolSpec(spec).ok());
    EXPECT_GE(spec.description.size(), 20u) << "a model chooses by it";
    EXPECT_LE(spec.description.size(), 2000u);
    EXPECT_LE(spec.timeout, std::chrono::hours(1));
  }
}

TEST_P(ToolConformance, UnknownSettingsAreErrorsThatNameTheKey) {
  ToolConfig config = Config();
  if (config.with.is_null()) config.with = Json::Object({});
  config.with.Set("no_such_key", 1);
  const auto tools = bench_.Make(config);
  ASSERT_FALSE(tools.ok());
  EXPECT_THAT(tools.error().Message(), HasSubstr("no_such_key"));
  EXPECT_THAT(tools.error().where, StartsWith("with"));
  config.with = Json::Array({1});
  EXPECT_EQ(bench_.Make(config).error().where, "with");
}

// Each setting that a type is made with here, in turn, with a value that cannot be meant.
TEST_P(ToolConformance, SettingsOfTheWrongTypeAreErrorsThatNameTheKey) {
  const Json good = Config().with;
  if (good.is_null()) return;
  for (const JsonMember& member : good.members()) {
    ToolConfig config = Config();
    config.with.Set(member.key, Json::Array({Json::Object({{"odd", Json()}})}));
    const auto tools = bench_.Make(config);
    ASSERT_FALSE(tools.ok()) << member.key;
    EXPECT_THAT(tools.error().where, StartsWith("with." + member.key));
  }
}

TEST_P(ToolConformance, OverridesHold) {
  ToolConfig config = Config();
  config.name = "mine";
  config.description = "A description of one's own, long enough.";
  config.sensitive = config.needs_approval = config.outside = true;
  config.timeout_seconds = 2.5;
  const AgentTools tools = bench_.Make(config).value();
  for (const auto& tool : tools) {
    const ToolSpec& spec = tool->spec();
    EXPECT_THAT(spec.name, StartsWith("mine"));
    EXPECT_THAT(spec.description, StartsWith(config.description));
    EXPECT_TRUE(spec.sensitive && spec.needs_approval && spec.outside);
    EXPECT_EQ(spec.timeout, std::chrono::milliseconds(2500));
  }
  config.name = "not a name";
  EXPECT_EQ(bench_.Make(config).error().where, "name");
}

Json OddValue(Random& random, int depth) {
  switch (random.Below(depth > 2 ? 6 : 8)) {
    case 0: return Json();
    case 1: return random.Below(2) == 0;
    case 2: return static_cast<int64_t>(random.Below(1000)) - 500;
    case 3: return Json::NumberOf("-1e400");
    case 4: return std::string(random.Below(300), 'x');
    case 5: return std::string(1, '\0') + "../..\xE2\x80\xAE/\n'\"$(";
    case 6: return Json::Array({OddValue(random, depth + 1), OddValue(random, depth + 1)});
    default: return Json::Object({{"a", OddValue(random, depth + 1)}});
  }
}

// A tool may refuse by an answer or an error, or do something harmless; it must come back.
TEST_P(ToolConformance, ArgumentsOfAnyTypeNeverCrash) {
  Random random(20261128);
  for (const auto& tool : Tools()) {
    SCOPED_TRACE(tool->spec().name);
    static_cast<void>(bench_.Run(*tool, Json()));
    static_cast<void>(bench_.Run(*tool, Json::Array({1})));
    static_cast<void>(bench_.Run(*tool, Json::Object({})));
    const Json properties = tool->spec().parameters["properties"];
    for (int round = 0; properties.is_object() && round < 12; ++round) {
      Json arguments = Json::Object({});
      for (const JsonMember& member : properties.members()) {
        // A program of a shell's words would be run; its answer says nothing about types.
        arguments.Set(member.key, round < 6 ? Json(static_cast<int64_t>(round)) : OddValue(random, 0));
      }
      static_cast<void>(bench_.Run(*tool, std::move(arguments)));
    }
  }
}

TEST_P(ToolConformance, AStoppedOrLateCallEndsAtOnce) {
  for (const auto& tool : Tools()) {
    SCOPED_TRACE(tool->spec().name);
    std::stop_source stop;
    stop.request_stop();
    Call call;
    call.stop = stop.get_token();
    auto output = bench_.Run(*tool, Json::Object({}), call);
    EXPECT_TRUE(!output.ok() || output->is_error);
    Call late;  // of a deadline long past
    late.deadline = Clock::TimePoint::min() + std::chrono::hours(1);
    output = bench_.Run(*tool, Json::Object({}), late);
    EXPECT_TRUE(!output.ok() || output->is_error);
  }
}

INSTANTIATE_TEST_SUITE_P(Every, ToolConformance, ::testing::ValuesIn(ToolTypes().begin(), ToolTypes().end()), Describe);

TEST(MakeTools, NamesTheTypesThatThereAre) {
  ToolBench bench;
  const auto tools = bench.Make("calculater");
  ASSERT_FALSE(tools.ok());
  EXPECT_EQ(tools.error().where, "type");
  EXPECT_THAT(tools.error().what, HasSubstr("did you mean 'calculator'?"));
}

TEST(CheckToolSpec, NamesWhatIsWrong) {
  const auto where = [](ToolSpec spec) { return CheckToolSpec(spec).error().where; };
  EXPECT_EQ(where({.name = ""}), "name");
  EXPECT_EQ(where({.name = std::string(65, 'a')}), "name");
  EXPECT_EQ(where({.name = "a", .parameters = Json::Object({{"type", "string"}})}), "parameters");
  EXPECT_THAT(where({.name = "a", .parameters = Json::Parse(R"({"type": "object", "required": 1})").value()}),
              StartsWith("parameters"));
  EXPECT_THAT(where({.name = "a", .output_schema = Json::Object({{"type", "odd"}})}), StartsWith("output_schema"));
  EXPECT_EQ(where({.name = "a", .timeout = std::chrono::milliseconds(0)}), "timeout");
}

}  // namespace
}  // namespace atelier
