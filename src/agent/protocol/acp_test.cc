#include "agent/protocol/acp.h"

#include <gtest/gtest.h>

#include "agent/protocol/acp_testing.h"

namespace atelier {
namespace {

std::string Prompt(const std::string& text) {
  return R"({"sessionId":"s1","prompt":[{"type":"text","text":")" + text + R"("}]})";
}
std::string Message(const Result<std::string>& result) { return result.ok() ? *result : result.error().Message(); }
Result<std::string> TextOf(const char* blocks) { return AcpPromptText(*Json::Parse(blocks)); }

TEST(AcpConnection, AnswersNothingBeforeInitializeAndThatOnce) {
  AcpEditor editor;
  EXPECT_EQ(editor.Ask(1, "session/new", R"({"cwd":"/"})")["error"]["code"], Json(RpcError::kInvalidRequest));
  EXPECT_EQ(editor.agent, nullptr);
  const Json begun = editor.Ask(2, "initialize", R"({"protocolVersion":7,"later":{"x":1}})");
  EXPECT_EQ(begun["result"]["protocolVersion"], Json(kAcpVersion)) << "the one that there is";
  EXPECT_EQ(editor.Ask(3, "initialize", R"({"protocolVersion":1})")["error"]["code"], Json(RpcError::kInvalidRequest));
  EXPECT_EQ(editor.Ask(4, "session/new", R"({"cwd":"/"})")["result"]["sessionId"], Json("s1"));
}

TEST(AcpConnection, WhatIsWrongIsNamedWithItsCode) {
  AcpEditor editor;
  editor.Begin();
  EXPECT_EQ(editor.Ask(1, "session/fly")["error"]["code"], Json(RpcError::kMethodNotFound));
  EXPECT_EQ(editor.Ask(2, "session/load", R"({"cwd":"/"})")["error"]["code"], Json(RpcError::kInvalidParams));
  const Json wrong = editor.Ask(3, "session/set_mode", R"({"sessionId":5,"modeId":"x"})");
  EXPECT_EQ(wrong["error"]["code"], Json(RpcError::kInvalidParams));
  EXPECT_NE(wrong["error"]["message"].AsString().find("sessionId"), std::string::npos) << wrong.Dump();
  EXPECT_EQ(editor.Ask(4, "session/close", R"({"sessionId":"s2"})")["error"]["code"], Json(AcpErrorCode::kNotFound));
  EXPECT_EQ(editor.Ask(5, "authenticate", R"({"methodId":"m"})")["error"]["code"], Json(RpcError::kInvalidParams));
  EXPECT_EQ(editor.Say("nonsense")["error"]["code"], Json(RpcError::kParse));
}

TEST(AcpConnection, KeysThatAreNotKnownAreIgnored) {
  AcpEditor editor;
  editor.Begin();
  const Json made = editor.Ask(1, "session/new", R"({"cwd":"/","_meta":{"a":1},"new_in_v9":true,"mcpServers":[
      {"name":"files","command":"/bin/files","args":["a"],"env":[{"name":"K","value":"V","_meta":null}],"x":1}]})");
  EXPECT_EQ(made["result"]["sessionId"], Json("s1")) << made.Dump();
  ASSERT_EQ(editor.agent->servers.size(), 1U);
  EXPECT_EQ(editor.agent->servers[0].env.at(0).value, "V");
}

TEST(AcpConnection, LoadReplaysAndResumeDoesNot) {
  AcpEditor editor;
  editor.Begin();
  EXPECT_EQ(editor.Ask(1, "session/load", R"({"sessionId":"s1","cwd":"/"})")["result"]["replayed"], Json(true));
  EXPECT_EQ(editor.Ask(2, "session/resume", R"({"sessionId":"s1","cwd":"/"})")["result"]["replayed"], Json(false));
}

TEST(AcpConnection, UpdatesComeBeforeTheAnswerOfTheirTurn) {
  AcpEditor editor;
  editor.Begin();
  const size_t before = editor.said.size();
  editor.Ask(1, "session/prompt", Prompt("hello"));
  ASSERT_EQ(editor.said.size(), before + 2);
  EXPECT_EQ(editor.said[before]["params"]["update"]["content"]["text"], Json("hello"));
  EXPECT_EQ(editor.said[before + 1]["result"]["stopReason"], Json(kAcpEndTurn));
}

TEST(AcpConnection, ARequestIsCancelledByItsIdAndATurnByItsSession) {
  AcpEditor editor;
  editor.Begin();
  editor.Ask(9, "session/prompt", Prompt("wait"));
  editor.Say(R"({"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"s1"}})");
  EXPECT_EQ(editor.agent->cancelled, std::vector<std::string>{"s1"});
  editor.Say(R"({"jsonrpc":"2.0","method":"$/cancel_request","params":{"requestId":8}})");
  EXPECT_FALSE(editor.said.back().Has("error")) << "nobody asked that";
  const Json ended = editor.Say(R"({"jsonrpc":"2.0","method":"$/cancel_request","params":{"requestId":9}})");
  EXPECT_EQ(ended["id"], Json(9));
}

TEST(AcpConnection, TheEditorsAnswerAndItsErrorReachWhoAsked) {
  AcpEditor editor;
  editor.Begin();
  const Json asked = editor.Ask(1, "session/prompt", Prompt("ask"));
  ASSERT_EQ(asked["method"], Json("session/request_permission"));
  const Json told = editor.Say(R"({"jsonrpc":"2.0","id":)" + asked["id"].Dump() + R"(,"result":{"outcome":"yes"}})");
  EXPECT_EQ(told["result"]["said"]["outcome"], Json("yes"));
  const Json again = editor.Ask(2, "session/prompt", Prompt("ask"));
  const Json fault =
      editor.Say(R"({"jsonrpc":"2.0","id":)" + again["id"].Dump() + R"(,"error":{"code":-32000,"message":"no user"}})");
  EXPECT_EQ(fault["error"]["data"]["code"], Json("acp_fault")) << fault.Dump();
}

TEST(AcpConnection, AnEditorThatVanishesEndsWhatIsUnderWay) {
  AcpEditor editor;
  editor.Begin();
  editor.Ask(1, "session/prompt", Prompt("wait"));
  editor.Ask(2, "session/prompt", Prompt("ask"));
  const size_t num_said = editor.said.size();
  editor.connection->Close();
  editor.loop.RunUntilIdle();
  EXPECT_TRUE(editor.connection->gone());
  EXPECT_EQ(editor.said.size(), num_said) << "nobody reads";
}

TEST(AcpPrompt, BlocksBecomeOneText) {
  EXPECT_EQ(Message(TextOf(R"([{"type":"text","text":"Look at "},
      {"type":"resource_link","name":"a.cc","uri":"file:///a.cc"},
      {"type":"resource","resource":{"uri":"file:///b.cc","text":"int b;"}}])")),
            "Look at [a.cc](file:///a.cc)\n<context uri=\"file:///b.cc\">\nint b;\n</context>\n");
}

TEST(AcpPrompt, WhatAModelCannotReadIsRefusedByName) {
  EXPECT_NE(Message(TextOf(R"([{"type":"image","data":"","mimeType":"image/png"}])")).find("got 'image'"),
            std::string::npos);
  EXPECT_FALSE(TextOf(R"([{"type":"resource","resource":{"uri":"x","blob":"AA=="}}])").ok());
  EXPECT_FALSE(TextOf(R"([{"type":"text","text":" \n"}])").ok());
  EXPECT_FALSE(TextOf("[]").ok());
  EXPECT_FALSE(TextOf(R"({"type":"text"})").ok());
  EXPECT_FALSE(TextOf("[7]").ok());
  Json many = Json::Array();
  for (int i = 0; i < 1001; ++i) many.Push(AcpText("x"));
  EXPECT_FALSE(AcpPromptText(many).ok());
}

TEST(AcpAbilities, AreWhatTheEditorSaysAndNothingElse) {
  const auto of = [](const char* json) { return AcpClientAbilities::Of(*Json::Parse(json)); };
  EXPECT_TRUE(of(R"({"fs":{"readTextFile":true},"terminal":true})").read_files);
  EXPECT_FALSE(of(R"({"fs":{"readTextFile":"yes"}})").read_files);
  EXPECT_FALSE(of(R"({"fs":[true]})").read_files);
  EXPECT_FALSE(of("7").terminal);
  EXPECT_FALSE(of(R"({"elicitation":true})").elicit_forms);
}

}  // namespace
}  // namespace atelier
