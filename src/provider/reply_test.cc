// Every published chat template: what it shows of calls is what the grammar allows and what the parser reads, and
// whatever the grammar allows the parser reads as calls that keep their schemas.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/random.h"
#include "base/text/json_schema.h"
#include "base/text/json_schema_validator.h"
#include "base/text/unicode.h"
#include "base/tree_testing.h"
#include "engine/grammar/grammar_vocabulary.h"
#include "model/chat/chat_syntax.h"
#include "model/tokenizer/tokenizer.h"
#include "provider/reply_grammar.h"
#include "provider/reply_parser.h"
#include "provider/tool_prompt.h"

namespace atelier {
namespace {

const std::vector<std::string> kEnds = {"<|eot_id|>",
                                        "<|eom_id|>",
                                        "<|im_end|>",
                                        "<|call|>",
                                        "</s>",
                                        "<|return|>",
                                        "<｜end▁of▁sentence｜>",
                                        "<turn|>",
                                        "<|endoftext|>",
                                        "<|calls|>",
                                        "<|message_sep|>",
                                        "<|end_of_msg|>",
                                        "<|end_of_text|>",
                                        "<|role_end|>",
                                        "<|eot|>",
                                        "</assistant>"};

struct Published {
  std::string name;
  ChatTemplate chat_template;
  ChatSyntax syntax;
};

ChatInput Base() {
  ChatInput base;
  base.bos_token = "<s>", base.eos_token = "</s>";
  base.now.tm_year = 125, base.now.tm_mday = 1;
  return base;
}

const std::map<std::string, Published>& AllPublished() {
  static const auto* const all = [] {
    auto* found = new std::map<std::string, Published>();
    const std::filesystem::path folder = SharedPath("/chat_templates");
    if (!std::filesystem::exists(folder)) return found;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      if (file.path().extension() != ".jinja") continue;
      std::ifstream in(file.path());
      std::stringstream text;
      text << in.rdbuf();
      auto parsed = ChatTemplate::Parse(text.str());
      if (!parsed.ok()) continue;
      const std::string name = file.path().stem();
      ChatSyntax syntax = ChatSyntax::Of(*parsed, kEnds, Base());
      found->emplace(name, Published{name, std::move(*parsed), std::move(syntax)});
    }
    return found;
  }();
  return *all;
}

#define REQUIRE_TEMPLATES() \
  if (AllPublished().empty()) GTEST_SKIP() << "no folder of chat templates"

Tool ToolOf(const std::string& name, const char* parameters) {
  Tool tool;
  tool.name = name;
  tool.parameters = *Json::Parse(parameters);
  tool.definition = Json::Object(
      {{"type", "function"},
       {"function", Json::Object({{"name", name}, {"description", "Does it."}, {"parameters", tool.parameters}})}});
  return tool;
}

ToolUse TwoTools() {
  ToolUse use;
  use.tools.push_back(ToolOf("get_weather", R"({"type": "object", "properties": {
      "city": {"type": "string"}, "days": {"type": "integer"}, "unit": {"type": "string", "enum": ["C", "F"]}},
      "required": ["city"], "additionalProperties": false})"));
  use.tools.push_back(ToolOf("get_weather_map", R"({"type": "object", "properties": {
      "area": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 9}, "maxItems": 3}},
      "required": ["area"], "additionalProperties": false})"));
  return use;
}

std::shared_ptr<const GrammarVocabulary> Bytes() {
  std::vector<std::string> pieces;
  for (int byte = 0; byte < 0xF8; ++byte) pieces.emplace_back(1, static_cast<char>(byte));
  return std::make_shared<const GrammarVocabulary>(std::move(pieces));
}

std::unique_ptr<Constraint> Start(const ReplyPlan& plan, const std::string& name) {
  const auto spec = ReplyGrammar(plan);
  EXPECT_TRUE(spec.ok() && spec->has_value()) << name << (spec.ok() ? "" : spec.error().Message());
  if (!spec.ok() || !*spec) return nullptr;
  const auto grammar = CompileGrammar(**spec, Bytes());
  EXPECT_TRUE(grammar.ok()) << name << ": " << (grammar.ok() ? "" : grammar.error().Message());
  return grammar.ok() ? (*grammar)->Start() : nullptr;
}

struct Read {
  std::string content, reasoning;
  std::vector<ToolCallDelta> calls;
};

// In pieces of `size` bytes.
Read Parse(const ChatSyntax& syntax, const ToolUse& use, ReasoningState reasoning, std::string_view text, size_t size) {
  auto rules = std::make_shared<ReplyParser::Rules>();
  rules->syntax = std::make_shared<const ChatSyntax>(syntax);
  rules->use = use;
  rules->reasoning = reasoning;
  rules->new_id = [] { return std::string("call_new"); };
  ReplyParser parser(rules);
  Read read;
  const auto add = [&](ReplyPiece piece) {
    read.content += piece.content;
    read.reasoning += piece.reasoning;
    for (ToolCallDelta& call : piece.tool_calls) {
      if (read.calls.size() <= static_cast<size_t>(call.index)) {
        read.calls.push_back(std::move(call));
      } else {
        read.calls[static_cast<size_t>(call.index)].arguments += call.arguments;
      }
    }
  };
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(at + size, text.size());
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;  // whole characters
    add(parser.Push(text.substr(at, end - at)));
    at = end;
  }
  add(parser.Finish());
  return read;
}

std::string Rendered(const Published& published, const ToolUse& use, const Json& messages, bool prompt) {
  const auto prepared = PrepareToolPrompt(published.syntax, messages, use);
  if (!prepared.ok()) return "";
  ChatInput input = Base();
  input.messages = prepared->messages;
  input.tools = prepared->tools;
  input.add_generation_prompt = prompt;
  const auto rendered = published.chat_template.Render(input);
  return rendered.ok() ? rendered->text : "";
}

ReasoningState StateAfter(const ChatSyntax& syntax, std::string_view prompt) {
  if (!syntax.reasoning) return ReasoningState::kNone;
  prompt = TrimRight(prompt);
  if (prompt.ends_with(syntax.reasoning->begin)) return ReasoningState::kOpened;
  return prompt.ends_with(syntax.reasoning->end) ? ReasoningState::kNone : ReasoningState::kMayBegin;
}

TEST(Reply, EveryTemplateThatShowsCallsIsUnderstood) {
  REQUIRE_TEMPLATES();
  // These write calls in no form that a grammar of ours has, or none at all.
  const std::set<std::string> without = {"HuggingFaceTB-SmolLM3-3B",
                                         "LFM2-8B-A1B",
                                         "LFM2.5-Instruct",
                                         "MiniMax-M3",
                                         "ibm-granite-granite-3.3-2B-Instruct",
                                         "google-gemma-2-2b-it",
                                         "microsoft-Phi-3.5-mini-instruct"};
  for (const auto& [name, published] : AllPublished()) {
    EXPECT_EQ(published.syntax.calls.has_value(), !without.contains(name)) << name;
  }
}

TEST(Reply, WhatATemplateShowsIsAllowedAndReadBack) {
  REQUIRE_TEMPLATES();
  const ToolUse use = TwoTools();
  const std::vector<std::pair<std::string, std::string>> calls = {
      {"get_weather", R"({"city": "Łódź \"X\"", "days": 3})"}, {"get_weather_map", R"({"area": [1.5, 2]})"}};
  int num_shown = 0;
  for (const auto& [name, published] : AllPublished()) {
    // One writes the type of an argument beside it, and ours is the one of texts or numbers.
    if (!published.syntax.calls || name == "Kimi-K3") continue;
    // Quotes within a text would end it where texts stand in quotes of another kind.
    const bool quotes = published.syntax.calls->tagged && published.syntax.calls->tagged->text_end.find('\'') == 0;
    for (size_t num_calls = 1; num_calls <= (published.syntax.calls->several ? 2u : 1u); ++num_calls) {
      Json list = Json::Array();
      for (size_t i = 0; i < num_calls; ++i) {
        list.Push(
            Json::Object({{"id", "call_abc" + std::to_string(i)},
                          {"type", "function"},
                          {"function", Json::Object({{"name", calls[i].first}, {"arguments", calls[i].second}})}}));
      }
      Json messages = Json::Array({Json::Object({{"role", "user"}, {"content", "Hello."}})});
      const std::string prompt = Rendered(published, use, messages, true);
      messages.Push(Json::Object({{"role", "assistant"}, {"content", ""}, {"tool_calls", std::move(list)}}));
      std::string whole = Rendered(published, use, messages, false);
      if (prompt.empty() || !whole.starts_with(prompt) || quotes) continue;
      std::string turn = whole.substr(prompt.size());
      for (const std::string& end : kEnds) turn = turn.substr(0, turn.find(end));
      while (turn.ends_with('\n')) turn.pop_back();
      if (turn.ends_with("\n<|end|>")) turn.resize(turn.size() - 8);
      ++num_shown;
      const ReasoningState reasoning = StateAfter(published.syntax, prompt);
      const Read read = Parse(published.syntax, use, reasoning, turn, 1);
      EXPECT_EQ(read.calls.size(), num_calls) << name << "\n" << turn << "\ncontent " << read.content;
      if (read.calls.size() != num_calls) continue;
      for (size_t i = 0; i < num_calls; ++i) {
        EXPECT_EQ(read.calls[i].name, calls[i].first) << name;
        const auto arguments = Json::Parse(read.calls[i].arguments);
        EXPECT_TRUE(arguments.ok() && *arguments == *Json::Parse(calls[i].second))
            << name << ": " << read.calls[i].arguments << "\n"
            << turn;
      }
      const ReplyPlan plan{.syntax = &published.syntax, .use = &use, .answer = nullptr, .reasoning = reasoning};
      const auto constraint = Start(plan, name);
      ASSERT_NE(constraint, nullptr);
      size_t at = 0;
      while (at < turn.size() && constraint->AcceptBytes(turn.substr(at, 1))) ++at;
      EXPECT_EQ(at, turn.size()) << name << ": " << turn.substr(0, at) << "»" << turn.substr(at);
      EXPECT_TRUE(at != turn.size() || constraint->CanEnd()) << name << ": " << turn;
    }
  }
  EXPECT_GE(num_shown, 50);
}

TEST(Reply, WhateverTheGrammarAllowsIsACallThatKeepsItsSchema) {
  REQUIRE_TEMPLATES();
  ToolUse use;
  use.choice = ToolUse::Choice::kRequired;
  use.tools.push_back(ToolOf("f", R"({"type": "object", "properties": {"a": {"type": "string", "enum": ["x", "yy"]},
      "b": {"type": "integer", "minimum": 5, "maximum": 12}, "c": {"type": "string", "maxLength": 2},
      "d": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2}}, "required": ["b"],
      "additionalProperties": false})"));
  use.tools.push_back(ToolOf("fg", R"({"type": "object", "properties": {"n": {"enum": [1, "two", null]}},
      "required": ["n"], "additionalProperties": false})"));
  std::map<std::string, std::shared_ptr<const SchemaDocument>> schemas;
  for (const Tool& tool : use.tools) schemas.emplace(tool.name, *SchemaDocument::Parse(tool.parameters));
  Random random(11);
  int num_calls = 0;
  for (const auto& [name, published] : AllPublished()) {
    if (!published.syntax.calls) continue;
    const ReplyPlan plan{
        .syntax = &published.syntax, .use = &use, .answer = nullptr, .reasoning = ReasoningState::kNone};
    const auto spec = ReplyGrammar(plan);
    ASSERT_TRUE(spec.ok()) << name << ": " << spec.error().Message();
    const auto grammar = CompileGrammar(**spec, Bytes());
    ASSERT_TRUE(grammar.ok()) << name << ": " << grammar.error().Message();
    for (int output = 0; output < 25; ++output) {
      const auto constraint = (*grammar)->Start();
      std::string text;
      std::vector<uint64_t> bits(4);
      while (text.size() < 2000 && !(constraint->CanEnd() && random.Uniform() < 0.5)) {
        constraint->Mask(bits);
        std::vector<int32_t> allowed;
        for (int32_t token = 0; token < 0xF8; ++token) {
          if ((bits[static_cast<size_t>(token) / 64] >> (token % 64)) & 1) allowed.push_back(token);
        }
        if (allowed.empty()) break;
        const int32_t token = allowed[random.Below(allowed.size())];
        ASSERT_TRUE(constraint->Accept(token));
        text.push_back(static_cast<char>(token));
      }
      if (!constraint->CanEnd()) continue;
      const Read read = Parse(published.syntax, use, ReasoningState::kNone, text, 1 + random.Below(7));
      EXPECT_EQ(read.content, "") << name << ": " << text;
      EXPECT_FALSE(read.calls.empty()) << name << ": " << text;
      for (const ToolCallDelta& call : read.calls) {
        const auto arguments = Json::Parse(call.arguments);
        EXPECT_TRUE(arguments.ok() && schemas.contains(call.name)) << name << ": " << text << "\n" << call.arguments;
        if (!arguments.ok() || !schemas.contains(call.name)) continue;
        const auto violations = ValidateJson(schemas.at(call.name), *arguments, FormatPolicy::kAssert);
        EXPECT_TRUE(violations.ok() && violations->empty()) << name << ": " << text << "\n" << call.arguments;
        ++num_calls;
      }
    }
  }
  EXPECT_GE(num_calls, 700);
}

// What a model may write that no grammar held: the parser comes to an end, and its pieces don't depend on the cuts.
TEST(Reply, AnyTextIsReadToItsEnd) {
  REQUIRE_TEMPLATES();
  const ToolUse use = TwoTools();
  Random random(5);
  for (const auto& [name, published] : AllPublished()) {
    std::vector<std::string> words = {
        "get_weather", "get_weather_map", "{\"city\": \"x\"}", "{", "}", "\"", " ", "\n", "é", ControlText("<|x|>")};
    ChatSyntax syntax = published.syntax;
    syntax.ForEachText([&](std::string& text) {
      for (size_t at = 0; !text.empty() && at < 3; ++at) {
        words.push_back(text.substr(0, text.size() / 2));
        words.push_back(text);
      }
    });
    for (int i = 0; i < 40; ++i) {
      std::string text;
      for (uint64_t left = random.Below(14); left > 0; --left) text += words[random.Below(words.size())];
      const auto state = static_cast<ReasoningState>(random.Below(syntax.reasoning ? 3 : 1));
      const Read whole = Parse(syntax, use, state, text, text.size() + 1);
      const Read cut = Parse(syntax, use, state, text, 1 + random.Below(5));
      EXPECT_EQ(whole.content, cut.content) << name << ": " << Json(text).Dump();
      EXPECT_EQ(whole.reasoning, cut.reasoning) << name << ": " << Json(text).Dump();
      ASSERT_EQ(whole.calls.size(), cut.calls.size()) << name << ": " << Json(text).Dump();
      for (size_t j = 0; j < whole.calls.size(); ++j) EXPECT_EQ(whole.calls[j].arguments, cut.calls[j].arguments);
    }
  }
}

}  // namespace
}  // namespace atelier
