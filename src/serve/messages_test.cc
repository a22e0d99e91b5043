// What becomes of Anthropic's blocks.
#include <gtest/gtest.h>

#include "serve/errors.h"
#include "serve/messages_body.h"
#include "serve/serve_testing.h"

namespace atelier {
namespace {

Result<AnthropicConversation> Read(std::string_view system, std::vector<std::pair<std::string, std::string>> turns) {
  std::vector<AnthropicMessage> messages;
  for (auto& [role, content] : turns) messages.push_back({role, ServedApp::Parsed(content)});
  return ConversationOf(ServedApp::Parsed(system), messages);
}

TEST(MessagesConversation, BlocksBecomeWhatTemplatesKnow) {
  const auto read = Read(R"([{"type": "text", "text": "Be"}, {"type": "text", "text": "brief."}])",
                         {{"user", R"("Hello")"},
                          {"user", R"([{"type": "text", "text": "again"}])"},
                          {"assistant", R"([{"type": "thinking", "thinking": "Hm.", "signature": ""},
                                            {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}])"},
                          {"user", R"([{"type": "tool_result", "tool_use_id": "t1", "content": "7", "is_error": true},
                                       {"type": "text", "text": "So?"}])"}});
  ASSERT_TRUE(read.ok()) << read.error().Message();
  EXPECT_FALSE(read->ends_open);
  EXPECT_EQ(read->messages, ServedApp::Parsed(R"([
    {"role": "system", "content": "Be\nbrief."},
    {"role": "user", "content": "Hello\nagain"},
    {"role": "assistant", "content": null, "reasoning_content": "Hm.", "tool_calls": [
      {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
    {"role": "tool", "tool_call_id": "t1", "name": "f", "content": "Error: 7"},
    {"role": "user", "content": "So?"}])"));
}

TEST(MessagesConversation, ABegunAnswerIsGoneOnWith) {
  EXPECT_TRUE(Read("null", {{"user", R"("Hi")"}, {"assistant", R"("Well,")"}})->ends_open);
}

TEST(MessagesConversation, OmittedThoughtsComeBackFromTheirSignature) {
  const Json block =
      Json::Object({{"type", "thinking"}, {"thinking", ""}, {"signature", ThinkingSignature("Hm, é.", false)}});
  const auto read = Read("null", {{"user", R"("Hi")"}, {"assistant", "[" + block.Dump() + "]"}, {"user", R"("So?")"}});
  EXPECT_EQ(read->messages[1]["reasoning_content"], Json("Hm, é."));
}

TEST(MessagesConversation, FaultsAreNamed) {
  const auto where = [](std::string_view content) {
    const auto read = Read("null", {{"user", std::string(content)}});
    return read.ok() ? std::string() : read.error().where;
  };
  EXPECT_EQ(where("7"), "messages[0].content");
  EXPECT_EQ(where(R"([{"type": "text"}])"), "messages[0].content[0].text");
  EXPECT_EQ(where(R"([{"type": "image"}])"), "messages[0].content[0].type");
  EXPECT_EQ(where(R"([{"type": "document", "source": {"type": "url"}}])"), "messages[0].content[0].source.type");
  EXPECT_EQ(where(R"([{"type": "tool_result", "tool_use_id": "t"}])"), "messages[0].content[0].tool_use_id");
  EXPECT_EQ(where(R"([{"type": "document", "source": {"type": "text", "data": "words"}}])"), "");
}

TEST(Errors, HaveTheShapeOfWhoeverAsked) {
  const Error error = Error::NotFound("model", "got 'x', want 'y'");
  EXPECT_EQ(ErrorBody(error, 404, ErrorShapeOf("/v1/messages/count_tokens"))["error"]["type"], Json("not_found_error"));
  EXPECT_EQ(ErrorBody(error, 404, ErrorShapeOf("/api/chat"))["error"], Json("model: got 'x', want 'y'"));
  EXPECT_EQ(ErrorBody(error, 404, ErrorShapeOf("/v1/chat/completions"))["error"]["param"], Json("model"));
}

}  // namespace
}  // namespace atelier
