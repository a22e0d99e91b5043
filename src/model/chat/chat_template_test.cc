// Goldens are what transformers' renderer gave (tools/golden_chat_templates.py).
#include "model/chat/chat_template.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/tree_testing.h"

namespace atelier {
namespace {

const std::string kGolden = SourcePath("/tests/golden/model_chat/");

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Json ReadJson(const std::string& path) {
  auto json = Json::Parse(ReadFile(path));
  EXPECT_TRUE(json.ok()) << path << ": " << (json.ok() ? "" : json.error().Message());
  return json.ok() ? *std::move(json) : Json::Object();
}

std::string Fnv1a(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3u;
  char out[17];
  std::snprintf(out, sizeof out, "%016llx", static_cast<unsigned long long>(hash));
  return out;
}

ChatInput InputOf(const Json& given) {
  ChatInput input;
  input.now.tm_year = 125, input.now.tm_mon = 1, input.now.tm_mday = 3, input.now.tm_wday = 1, input.now.tm_yday = 33;
  input.now.tm_hour = 4, input.now.tm_min = 5, input.now.tm_sec = 6;
  input.extra = Json::Object();
  for (const JsonMember& member : given.members()) {
    if (member.key == "messages") {
      input.messages = member.value;
    } else if (member.key == "tools") {
      input.tools = member.value;
    } else if (member.key == "documents") {
      input.documents = member.value;
    } else if (member.key == "add_generation_prompt") {
      input.add_generation_prompt = member.value.AsBool();
    } else if (member.key == "continue_final_message") {
      input.continue_field = member.value.is_string() ? member.value.AsString() : "content";
    } else {
      input.extra.Set(member.key, member.value);
    }
  }
  return input;
}

// Empty if `result` is what the golden says; otherwise the difference.
std::string Difference(const Result<RenderedChat>& result, const Json& want) {
  if (const Json* error = want.Find("error")) {
    return result.ok() ? "rendered, want the error " + error->AsString() : "";
  }
  if (!result.ok()) return result.error().Message() + ", want a text";
  if (Fnv1a(result->text) != want["fnv1a"].AsString()) {
    return "got " + std::to_string(result->text.size()) + " bytes, want other " + want["bytes"].Dump();
  }
  Json spans = Json::Array();
  for (const JinjaSpan& span : result->generations) spans.Push(Json::Array({span.begin, span.end}));
  const Json wanted_spans = want.Has("spans") ? want["spans"] : Json::Array();
  return spans == wanted_spans ? "" : "got spans " + spans.Dump() + ", want " + wanted_spans.Dump();
}

TEST(ChatTemplate, RendersWhatTransformersRenders) {
  const std::filesystem::path folder = SharedPath("/chat_templates");
  const Json cases = ReadJson(kGolden + "cases.json"), results = ReadJson(kGolden + "results.json");
  ASSERT_GE(cases.size() * results.size(), 4000);
  const char* dump = std::getenv("ATELIER_DUMP_CHATS");  // a folder for the texts that differ
  int equal = 0, missing = 0;
  for (const JsonMember& row : results.members()) {
    const std::string path =
        row.key == "smollm2" ? kGolden + "smollm2.jinja" : (folder / (row.key + ".jinja")).string();
    if (!std::filesystem::exists(path)) {
      ++missing;
      continue;
    }
    const auto chat = ChatTemplate::Parse(ReadFile(path));
    for (const JsonMember& want : row.value.members()) {
      const auto result = chat.ok() ? chat->Render(InputOf(cases[want.key])) : Result<RenderedChat>(chat.error());
      const std::string difference = Difference(result, want.value);
      EXPECT_EQ(difference, "") << row.key << " on " << want.key;
      equal += difference.empty();
      if (dump != nullptr && !difference.empty() && result.ok()) {
        std::ofstream(std::string(dump) + "/" + row.key + "." + want.key + ".txt", std::ios::binary) << result->text;
      }
    }
  }
  RecordProperty("equal", equal);
  if (missing > 0) GTEST_SKIP() << missing << " templates are not in " << folder << "; " << equal << " texts are equal";
}

TEST(ChatTemplate, WholeTextsOfSmolLm2) {
  const auto chat = ChatTemplate::Parse(ReadFile(kGolden + "smollm2.jinja"));
  ASSERT_TRUE(chat.ok()) << chat.error().Message();
  const Json cases = ReadJson(kGolden + "cases.json"), texts = ReadJson(kGolden + "texts.json");
  for (const JsonMember& want : texts["smollm2"].members()) {
    const auto result = chat->Render(InputOf(cases[want.key]));
    ASSERT_TRUE(result.ok()) << want.key << ": " << result.error().Message();
    EXPECT_EQ(result->text, want.value.AsString()) << want.key;
  }
}

TEST(ChatTemplate, ErrorsNameLineAndCause) {
  const auto broken = ChatTemplate::Parse("a\n{% if %}");
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().Message(), "chat template: line 2: got '%}', want an expression");
  const auto raising = ChatTemplate::Parse(
      "{{ bos_token }}\n{% if messages %}{{ raise_exception('no: ' ~ messages[0].role) }}{% endif %}");
  ASSERT_TRUE(raising.ok());
  const auto raised = raising->Render({.messages = Json::Array({Json::Object({{"role", "cat"}})})});
  ASSERT_FALSE(raised.ok());
  EXPECT_EQ(raised.error().Message(), "chat template: line 2: no: cat");
  EXPECT_EQ(raised.error().code, "template_raised");
  EXPECT_EQ(raised.error().kind, ErrorKind::kInvalid);
}

TEST(ChatTemplate, InputIsChecked) {
  const auto chat = ChatTemplate::Parse("{{ messages[0].content }}");
  ASSERT_TRUE(chat.ok());
  EXPECT_EQ(chat->Render({.messages = 1}).error().Message(), "messages: got a number, want an array");
  EXPECT_EQ(chat->Render({.messages = Json::Array({"x"})}).error().Message(),
            "messages[0]: got a string, want an object");
  ChatInput twice{.messages = Json::Array()};
  twice.extra = Json::Object({{"messages", 1}});
  EXPECT_EQ(chat->Render(twice).error().where, "chat_template_kwargs");
}

}  // namespace
}  // namespace atelier
