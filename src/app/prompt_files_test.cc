#include "app/prompt_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace atelier {
namespace {

using testing::HasSubstr;

constexpr char kReview[] =
    "---\nname: review\ndescription: Reviews a change.\narguments:\n"
    "  - {name: text, required: true}\n  - {name: tone, values: [kind, strict], default: kind}\n---\n"
    "Be {{ tone }}: {{ text }}{% if more %} {{ more }}{% endif %}";

class PromptFilesTest : public ::testing::Test {
 protected:
  PromptFilesTest() : folder_(std::filesystem::temp_directory_path() / ("prompts-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~PromptFilesTest() override { std::filesystem::remove_all(folder_); }
  void Put(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  const std::filesystem::path folder_;
};

TEST_F(PromptFilesTest, AreRenderedWithTheirArguments) {
  Put("a.md", kReview);
  Put("notes.txt", "no prompt");
  PromptFiles prompts(folder_.string());
  EXPECT_TRUE(prompts.Refresh());
  ASSERT_EQ(prompts.List().size(), 1u);
  EXPECT_EQ(prompts.Find("review")->description, "Reviews a change.");
  EXPECT_EQ(prompts.Render("review", Json::Object({{"text", "x {{ tone }}"}})).value(), "Be kind: x {{ tone }}");
  const Json strict = Json::Object({{"text", "x"}, {"tone", "strict"}});
  EXPECT_EQ(prompts.Render("review", strict).value(), "Be strict: x");
}

TEST_F(PromptFilesTest, RefuseArgumentsThatAreWrong) {
  Put("a.md", kReview);
  PromptFiles prompts(folder_.string());
  prompts.Refresh();
  EXPECT_EQ(prompts.Render("review", Json::Object()).error().where, "arguments.text");
  EXPECT_EQ(prompts.Render("review", Json::Object({{"text", "x"}, {"tone", "rude"}})).error().where, "arguments.tone");
  EXPECT_EQ(prompts.Render("review", Json::Object({{"text", 7}})).error().where, "arguments.text");
  EXPECT_EQ(prompts.Render("review", Json::Object({{"text", "x"}, {"more", "y"}})).error().where, "arguments.more");
  EXPECT_EQ(prompts.Render("none", Json::Object()).error().kind, ErrorKind::kNotFound);
}

TEST_F(PromptFilesTest, WhatIsNoPromptIsLeftOutByName) {
  Put("a.md", "no front matter");
  Put("b.md", "---\nname: [\n---\n");
  Put("c.md", "---\nnmae: c\n---\n");
  Put("d.md", "---\nname: d\n---\n{% if %}");
  Put("e.md", std::string("---\nname: e\n---\n") + '\xFF');
  Put("f.md", "---\n---\nplain");
  Put("g.md", "---\nname: f\n---\nagain");
  PromptFiles prompts(folder_.string());
  prompts.Refresh();
  EXPECT_EQ(prompts.List().size(), 1u);
  EXPECT_EQ(prompts.Render("f", Json::Object()).value(), "plain");
  ASSERT_EQ(prompts.faults().size(), 6u);
  EXPECT_THAT(prompts.faults()[0].Message(), HasSubstr("a.md"));
  EXPECT_THAT(prompts.faults()[5].Message(), HasSubstr("which another file has"));
}

TEST_F(PromptFilesTest, AreBoundedInWhatTheyMake) {
  Put("a.md",
      "---\nname: loop\n---\n{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}");
  PromptFiles prompts(folder_.string());
  prompts.Refresh();
  EXPECT_EQ(prompts.Render("loop", Json::Object()).error().kind, ErrorKind::kInvalid);
}

TEST_F(PromptFilesTest, FollowTheFolder) {
  PromptFiles prompts(folder_.string());
  prompts.Refresh();
  EXPECT_FALSE(prompts.Refresh());
  Put("a.md", "---\nname: one\n---\n1");
  EXPECT_TRUE(prompts.Refresh());
  EXPECT_FALSE(prompts.Refresh());
  std::filesystem::remove(folder_ / "a.md");
  EXPECT_TRUE(prompts.Refresh());
  EXPECT_TRUE(prompts.List().empty());
  EXPECT_FALSE(PromptFiles("").Refresh());
}

}  // namespace
}  // namespace atelier
