// Tools that work on this machine: files, skills, and programs in the sandbox.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "agent/tools/folder_view.h"
#include "agent/tools/program_tool.h"
#include "agent/tools/tools_testing.h"

namespace atelier {
namespace {

using testing::HasSubstr;
using testing::Not;

class LocalTools : public ::testing::Test {
 protected:
  std::string Put(const std::string& path, std::string_view text, bool executable = false) {
    const std::string whole = bench_.folder() + "/" + path;
    std::filesystem::create_directories(FolderOf(whole));
    std::ofstream(whole, std::ios::binary) << text;
    if (executable) CHECK(chmod(whole.c_str(), 0755) == 0);
    return whole;
  }
  ToolOutput Run(AgentTool& tool, std::string_view json) {
    auto output = bench_.Run(tool, Json::Parse(json).value());
    return output.ok() ? *std::move(output) : ToolFailure("ERROR " + output.error().Message());
  }
  ToolBench bench_;
};

class FilesTool : public LocalTools {
 protected:
  void SetUp() override {
    Put("root/notes.md", "one\ntwo words\nthree\n");
    Put("root/deep/er/list.txt", "Alpha\nbeta TWO\n");
    Put("root/picture.bin", std::string("\0\1\2\xFF", 4));
    Put("secret.txt", "sesame");
    std::filesystem::create_symlink("../secret.txt", bench_.folder() + "/root/link");
    std::filesystem::create_symlink("..", bench_.folder() + "/root/up");
    std::filesystem::create_symlink("/etc", bench_.folder() + "/root/etc");
    ASSERT_EQ(mkfifo((bench_.folder() + "/root/pipe").c_str(), 0600), 0);
    const auto tools = bench_.Make("files", Json::Object({{"folder", bench_.folder() + "/root"},
                                                          {"write", true},
                                                          {"max_file_bytes", 1000},
                                                          {"max_text_bytes", 100}}));
    ASSERT_TRUE(tools.ok()) << tools.error().Message();
    for (const auto& tool : *tools) by_name_[tool->spec().name] = tool;
  }
  ToolOutput Call(const std::string& name, std::string_view json) { return Run(*by_name_.at(name), json); }
  std::map<std::string, std::shared_ptr<AgentTool>> by_name_;
};

TEST_F(FilesTool, ListsReadsSearchesAndWrites) {
  EXPECT_EQ(Call("list_files", "{}").text, "deep/\nnotes.md (20 bytes)\npicture.bin (4 bytes)\n");
  EXPECT_EQ(Call("list_files", R"({"glob": "**/*.txt"})").text, "deep/er/list.txt (15 bytes)\n");
  EXPECT_EQ(Call("list_files", R"({"path": "deep", "recursive": true})").text,
            "deep/er/\ndeep/er/list.txt (15 bytes)\n");
  EXPECT_EQ(Call("read_file", R"({"path": "notes.md"})").text, "one\ntwo words\nthree\n");
  EXPECT_THAT(Call("read_file", R"({"path": "notes.md", "first_line": 2, "num_lines": 1})").text,
              HasSubstr("two words\n\n[the file goes on after line 2]"));
  EXPECT_EQ(Call("search_files", R"({"text": "two"})").text, "notes.md:2: two words\n");
  EXPECT_EQ(Call("search_files", R"({"text": "two", "ignore_case": true})").text,
            "deep/er/list.txt:2: beta TWO\nnotes.md:2: two words\n");
  EXPECT_EQ(Call("search_files", R"({"text": "nowhere"})").text, "[not found]");
  EXPECT_FALSE(Call("write_file", R"({"path": "new/folder/a.txt", "content": "hello"})").is_error);
  EXPECT_EQ(Call("read_file", R"({"path": "new/folder/a.txt"})").text, "hello");
  EXPECT_FALSE(Call("write_file", R"({"path": "new/folder/a.txt", "content": "again"})").is_error);
  EXPECT_EQ(Call("read_file", R"({"path": "./new/folder/a.txt"})").text, "again");
}

TEST_F(FilesTool, NothingLeadsOut) {
  for (const char* path : {"../secret.txt", "link", "up/secret.txt", "etc/passwd", "/etc/passwd",
                           "deep/../../secret.txt", "deep//er", "pipe", "", ".", "notes.md/x", "a\\u0000b"}) {
    const auto read = Call("read_file", R"({"path": ")" + std::string(path) + "\"}");
    EXPECT_TRUE(read.is_error) << path;
    EXPECT_THAT(read.text, Not(HasSubstr("sesame"))) << path;
    EXPECT_TRUE(Call("write_file", R"({"content": "x", "path": ")" + std::string(path) + "\"}").is_error) << path;
  }
  EXPECT_TRUE(Call("list_files", R"({"path": "up"})").is_error);
  EXPECT_TRUE(Call("list_files", R"({"path": ".."})").is_error);
  EXPECT_THAT(Call("search_files", R"({"text": "sesame"})").text, HasSubstr("[not found]"));
  EXPECT_EQ(ReadWholeFile(Files::Real(), bench_.folder() + "/secret.txt", 100).value(), "sesame");
}

TEST_F(FilesTool, SizesAreBounded) {
  Put("root/large.txt", std::string(2000, 'x'));
  EXPECT_THAT(Call("read_file", R"({"path": "large.txt"})").text, HasSubstr("want at most 1000"));
  Put("root/long.txt", std::string(60, 'a') + "\n" + std::string(60, 'b') + "\n");
  EXPECT_THAT(Call("read_file", R"({"path": "long.txt"})").text,
              AllOf(Not(HasSubstr("b")), HasSubstr("goes on after line 1")));
  EXPECT_TRUE(Call("write_file", R"({"path": "x", "content": ")" + std::string(2000, 'x') + "\"}").is_error);
  EXPECT_THAT(Call("read_file", R"({"path": "picture.bin"})").text, HasSubstr("no UTF-8"));
  for (int i = 0; i < 1100; ++i) Put("root/many/" + std::to_string(i), "needle\n");
  EXPECT_THAT(Call("list_files", R"({"path": "many"})").text, HasSubstr("[there are more"));
  const auto found = Call("search_files", R"({"text": "needle"})");
  EXPECT_EQ(found.structured["matches"].size(), 100);
  EXPECT_EQ(found.structured["complete"], Json(false));
}

TEST_F(FilesTool, WithoutWriteThereIsNoToolForIt) {
  const auto tools = bench_.Make("files", Json::Object({{"folder", bench_.folder()}})).value();
  EXPECT_EQ(tools.size(), 3u);
  for (const auto& tool : tools) EXPECT_TRUE(tool->spec().read_only);
  EXPECT_EQ(bench_.Make("files", Json::Object({{"folder", "/no/such"}})).error().where, "with.folder");
}

using SkillsTool = LocalTools;

TEST_F(SkillsTool, ListsThemAndLoadsOnDemand) {
  Put("skills/pdf-forms/SKILL.md",
      "---\nname: pdf-forms\ndescription: >\n  Fills in forms.\nlicense: MIT\nmetadata:\n  author: "
      "somebody\nallowed-tools: "
      "Bash(git:*)\n---\n# Forms\nSee references/fields.md.\n");
  Put("skills/pdf-forms/references/fields.md", "name, date");
  Put("skills/greeting/SKILL.md", "---\r\nname: greeting\r\ndescription: How to greet.\r\n---\r\nSay hello.\r\n");
  Put("skills/not-a-skill/README.md", "x");
  const auto tools = bench_.Make("skills", Json::Object({{"folder", bench_.folder() + "/skills"}})).value();
  const ToolSpec& spec = tools[0]->spec();
  EXPECT_THAT(spec.description,
              AllOf(HasSubstr("- greeting: How to greet."), HasSubstr("- pdf-forms: Fills in forms.")));
  EXPECT_EQ(spec.parameters["properties"]["name"]["enum"].Dump(), R"(["greeting","pdf-forms"])");
  EXPECT_EQ(Run(*tools[0], R"({"name": "greeting"})").text, "Say hello.\n");
  EXPECT_THAT(Run(*tools[0], R"({"name": "pdf-forms"})").text,
              AllOf(HasSubstr("# Forms"), HasSubstr("- references/fields.md")));
  EXPECT_EQ(Run(*tools[0], R"({"name": "pdf-forms", "file": "references/fields.md"})").text, "name, date");
  EXPECT_TRUE(Run(*tools[0], R"({"name": "pdf-forms", "file": "../greeting/SKILL.md"})").is_error);
  EXPECT_THAT(Run(*tools[0], R"({"name": "none"})").text, HasSubstr("want one of greeting, pdf-forms"));
}

TEST_F(SkillsTool, OneGoesByTheNameThatItSaysWhereverItLies) {
  Put("skills/rules/SKILL.md", "---\nname: house-rules\ndescription: What is allowed.\n---\nSee more.md.\n");
  Put("skills/rules/more.md", "No shoes.");
  const auto tools = bench_.Make("skills", Json::Object({{"folder", bench_.folder() + "/skills"}})).value();
  EXPECT_THAT(Run(*tools[0], R"({"name": "house-rules"})").text, AllOf(HasSubstr("See more"), HasSubstr("- more.md")));
  EXPECT_EQ(Run(*tools[0], R"({"name": "house-rules", "file": "more.md"})").text, "No shoes.");
}

TEST_F(SkillsTool, OfADescriptionThatIsTooLongTheBeginningIsShown) {
  // As in published collections: what one skill says too much of itself must not keep the others away.
  Put("skills/a/SKILL.md", "---\nname: a\ndescription: " + std::string(1023, 'x') + "\u00e9z\n---\nDo it.\n");
  Put("skills/b/SKILL.md", "---\nname: b\ndescription: short\n---\nDo it.\n");
  const auto tools = bench_.Make("skills", Json::Object({{"folder", bench_.folder() + "/skills"}})).value();
  EXPECT_THAT(tools[0]->spec().description, HasSubstr("xx\u00e9\n- b: short"));
}

TEST_F(SkillsTool, WrongOnesAreNamed) {
  const std::pair<std::string, std::string> wrong[] = {
      {"no frontmatter", "frontmatter"},
      {"---\nname: a\n", "frontmatter"},
      {"---\nname: a\n---\n", "description"},
      {"---\nname: A\ndescription: x\n---\n", "want 1 to 64"},
      {"---\nname: [a\n---\n", "a/SKILL.md"},
      {"---\nname: a\ndescription: \"\xFF\"\n---\n", "UTF-8"},
      {"---\n" + std::string(60'000, '[') + "\n---\n", "a/SKILL.md"},
      {"---\nname: taken\ndescription: x\n---\n", "which a has"}};  // the last: b stays
  for (const auto& [text, message] : wrong) {
    Put("skills/a/SKILL.md", text);
    if (text.contains("taken")) Put("skills/b/SKILL.md", text);
    const auto tools = bench_.Make("skills", Json::Object({{"folder", bench_.folder() + "/skills"}}));
    ASSERT_FALSE(tools.ok()) << text.substr(0, 100);
    EXPECT_THAT(tools.error().Message(), AllOf(HasSubstr("with.folder"), HasSubstr(message)));
  }
}

// Those that need a sandbox.
class ProgramTools : public LocalTools {
 protected:
  void SetUp() override {
    const SandboxReport& report = ProbeSandbox();
    if (!report.usable()) GTEST_SKIP() << "no sandbox on this machine: " << report.Problem();
  }
  AgentTools Make(const std::string& type, std::string_view with = "{}") {
    return bench_.Make(type, Json::Parse(with).value()).value();
  }
};

TEST_F(ProgramTools, AShellsFilesStayWithinARun) {
  const auto tools = Make("shell");
  const std::string run = "shell-test-" + std::to_string(getpid());
  const auto call = [&](const std::string& run_id, std::string command) {
    ToolCallInfo info{.run_id = run_id, .idempotency_key = "", .principal = ""};
    return bench_.loop().RunTask(tools[0]->Run({}, info, Json::Object({{"command", std::move(command)}})))->text;
  };
  EXPECT_EQ(call(run, "echo one > a"), "[it wrote nothing and exited with 0]");
  EXPECT_EQ(call(run, "cat a; ls"), "one\na\n");
  EXPECT_EQ(call(run + "-other", "ls"), "[it wrote nothing and exited with 0]");
  for (const std::string& id : {run, run + "-other"}) {
    ASSERT_TRUE(RemoveTree(Files::Real(), FolderOf(RunScratch(id).value())).ok());
  }
  EXPECT_EQ(call(run, "ls"), "[it wrote nothing and exited with 0]");
  ASSERT_TRUE(RemoveTree(Files::Real(), FolderOf(RunScratch(run).value())).ok());
}

TEST_F(ProgramTools, AShellTellsHowItEnded) {
  const auto tools = Make("shell", R"({"keep_files": false})");
  const auto output = Run(*tools[0], R"({"command": "cat; echo no >&2; exit 3", "input": "yes\n"})");
  EXPECT_EQ(output.text, "yes\n[stderr]\nno\n[it exited with 3]");
  EXPECT_TRUE(output.is_error);
  EXPECT_EQ(output.structured["exit_code"], Json(3));
  EXPECT_THAT(Run(*tools[0], R"({"command": "printf '\\377x'"})").text, HasSubstr("\xEF\xBF\xBDx"));
  EXPECT_TRUE(tools[0]->spec().read_only);
  const auto networked = Make("shell", R"({"network": true})");
  EXPECT_TRUE(networked[0]->spec().sensitive && networked[0]->spec().outside && !networked[0]->spec().read_only);
}

TEST_F(ProgramTools, LimitsAndDeadlinesEndIt) {
  const auto tools = Make("shell", R"({"keep_files": false, "limits": {"wall_seconds": 0.2}})");
  const auto slept = Run(*tools[0], R"({"command": "sleep 1000"})");
  EXPECT_TRUE(slept.is_error);
  EXPECT_THAT(slept.text, HasSubstr("wall"));
  const auto patient = Make("shell", R"({"keep_files": false})");
  Call call;
  call.deadline = Clock::Real().Now() + std::chrono::milliseconds(200);
  EXPECT_THAT(bench_.Run(*patient[0], Json::Object({{"command", "sleep 1000"}}), call)->text, HasSubstr("wall"));
  std::stop_source stop;
  call = {};
  call.stop = stop.get_token();
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  EXPECT_EQ(bench_.Run(*patient[0], Json::Object({{"command", "sleep 1000"}}), call).error().kind,
            ErrorKind::kCancelled);
  stopper.join();
}

TEST_F(ProgramTools, PythonPrints) {
  const auto tools = Make("python", R"({"keep_files": false})");
  EXPECT_EQ(Run(*tools[0], R"j({"code": "import math\nprint(math.comb(10, 3), input())", "input": "in"})j").text,
            "120 in\n");
  EXPECT_THAT(Run(*tools[0], R"({"code": "1/0"})").text, HasSubstr("ZeroDivisionError"));
}

class Executable : public ProgramTools {
 protected:
  void SetUp() override {
    ProgramTools::SetUp();
    // The sandbox's user must come to it.
    for (std::filesystem::path path = bench_.folder(); path.has_relative_path(); path = path.parent_path()) {
      struct stat info;
      if (stat(path.c_str(), &info) != 0 || (info.st_mode & 0001) == 0) {
        if (geteuid() == 0 && chmod(path.c_str(), (info.st_mode & 07777) | 0011) != 0)
          GTEST_SKIP() << path << " is closed";
      }
    }
  }
  // A program of these lines, and the tool of it.
  AgentTools Tool(std::string_view script, std::string_view more = "", std::string_view settings = "") {
    Put("tool/run.sh", "#!/bin/sh\n" + std::string(script), true);
    const std::string manifest = Put(
        "tool/tool.json", R"({"name": "mine", "description": "Does what it does.", "command": ["./run.sh", "arg"])" +
                              std::string(more) + "}");
    return Make("executable", "{\"manifest\": \"" + manifest + "\"" + std::string(settings) + "}");
  }
  std::string Text(const AgentTools& tools) {
    const auto output = Run(*tools[0], R"({"a": 1})");
    return (output.is_error ? "! " : "") + output.text;
  }
};

TEST_F(Executable, ArgumentsGoInAndTheAnswerComesOut) {
  const auto tools =
      Tool(R"sh(printf '{"got": %s, "first": "%s", "key": "%s"}' "$(cat)" "$1" "$ATELIER_IDEMPOTENCY_KEY")sh");
  const auto output = Run(*tools[0], R"({"a": [1, "x"]})");
  EXPECT_EQ(output.structured.Dump(), R"({"got":{"a":[1,"x"]},"first":"arg","key":"key"})");
  EXPECT_EQ(tools[0]->spec().name, "mine");
  EXPECT_EQ(Text(Tool("echo '\"a sentence\"'")), "a sentence");
  EXPECT_EQ(Text(Tool("echo 5", "", R"(, "sandbox": false)")), "5");
}

TEST_F(Executable, HostileAnswersAreErrorsThatSayWhy) {
  EXPECT_THAT(Text(Tool("echo '{\"a\": '")), AllOf(HasSubstr("! "), HasSubstr("no JSON document")));
  EXPECT_THAT(Text(Tool("true")), HasSubstr("no JSON document"));
  EXPECT_THAT(Text(Tool("echo 1; echo why >&2; exit 7")), HasSubstr("exited with 7; on stderr: why"));
  EXPECT_THAT(Text(Tool("kill -9 $$")), HasSubstr("was ended by signal 9"));
  EXPECT_THAT(Text(Tool("head -c 300000 /dev/zero")), HasSubstr("wrote more than 65536 bytes"));
  EXPECT_THAT(Text(Tool("yes", "", R"(, "limits": {"cpu_seconds": 0.2})")), HasSubstr("sandbox: cpu"));
  EXPECT_THAT(Text(Tool("sleep 1000", "", R"(, "limits": {"wall_seconds": 0.2})")), HasSubstr("sandbox: wall"));
  EXPECT_THAT(Text(Tool("sleep 1000", "", R"(, "sandbox": false, "limits": {"wall_seconds": 0.2})")), HasSubstr("! "));
  EXPECT_THAT(Text(Tool("echo '[1]'", R"(, "output_schema": {"type": "object"})")),
              HasSubstr("output_schema does not allow"));
}

TEST_F(Executable, WrongManifestsAreErrorsThatNameTheKey) {
  const auto error = [&](std::string_view text) {
    const std::string manifest = Put("tool/tool.json", text);
    return bench_.Make("executable", Json::Object({{"manifest", manifest}})).error().Message();
  };
  EXPECT_THAT(error("{"), HasSubstr("with.manifest"));
  EXPECT_THAT(error(R"({"name": "a", "description": "b"})"), HasSubstr("command"));
  EXPECT_THAT(error(R"({"name": "a", "description": "b", "command": []})"), HasSubstr("command"));
  EXPECT_THAT(error(R"({"name": "a b", "description": "b", "command": ["x"]})"), HasSubstr("name"));
  EXPECT_THAT(
      error(R"({"name": "a", "description": "b", "command": ["x"], "parameters": {"type": "object", "required": 1}})"),
      HasSubstr("parameters"));
  EXPECT_THAT(error(R"({"name": "a", "description": "b", "command": ["x"], "output_schema": 5})"),
              HasSubstr("output_schema"));
  EXPECT_THAT(error(R"({"name": "a", "description": "b", "command": ["x"], "sandbox": false})"), HasSubstr("sandbox"));
  EXPECT_THAT(bench_.Make("executable", Json::Object({{"manifest", "/no/such"}})).error().Message(),
              HasSubstr("/no/such"));
}

}  // namespace
}  // namespace atelier
