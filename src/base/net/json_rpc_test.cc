#include "base/net/json_rpc.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/task/manual_loop.h"

namespace atelier {
namespace {

using Kind = RpcMessage::Kind;

TEST(RpcMessage, ReadsWhatItWrites) {
  const std::vector<RpcMessage> messages = {
      RpcMessage::Request(7, "tools/list"),
      RpcMessage::Request("a", "tools/call", Json::Object({{"name", "x"}})),
      RpcMessage::Notification("notifications/initialized"),
      RpcMessage::Answer(7, Json::Object({})),
      RpcMessage::Answer(7, Json()),
      RpcMessage::Fault("a", {.code = -32601, .message = "no", .data = 5}),
      RpcMessage::Fault({}, {.code = -32700, .message = "no", .data = {}}),
  };
  for (const RpcMessage& message : messages) {
    const RpcReading reading = ReadRpcMessage(message.Dump());
    ASSERT_TRUE(reading.message) << message.Dump();
    EXPECT_EQ(reading.message->kind, message.kind) << message.Dump();
    EXPECT_EQ(reading.message->ToJson(), message.ToJson());
  }
}

TEST(RpcMessage, SaysWhyItIsNone) {
  struct Case {
    const char* text;
    int64_t code;
    bool has_id;
  };
  for (const Case& c : std::vector<Case>{
           {"{", RpcError::kParse, false},
           {"[]", RpcError::kInvalidRequest, false},
           {"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}]", RpcError::kInvalidRequest, false},
           {"7", RpcError::kInvalidRequest, false},
           {"{\"id\":1,\"method\":\"a\"}", RpcError::kInvalidRequest, true},
           {"{\"jsonrpc\":\"2.0\",\"id\":1}", RpcError::kInvalidRequest, true},
           {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":2}", RpcError::kInvalidRequest, true},
           {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":3}", RpcError::kInvalidRequest, true},
           {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"a\"}", RpcError::kInvalidRequest, false},
           {"{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"a\"}", RpcError::kInvalidRequest, false},
           {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{\"code\":1,\"message\":\"\"}}",
            RpcError::kInvalidRequest, false},
           {"{\"jsonrpc\":\"2.0\",\"result\":1}", RpcError::kInvalidRequest, false},
           {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":\"x\",\"message\":\"\"}}", RpcError::kInvalidRequest,
            false},
       }) {
    const RpcReading reading = ReadRpcMessage(c.text);
    EXPECT_FALSE(reading.message) << c.text;
    EXPECT_EQ(reading.fault.error.code, c.code) << c.text;
    EXPECT_EQ(!reading.fault.id.is_null(), c.has_id) << c.text;
  }
}

TEST(RpcMessage, IsRefusedUnreadAboveTheBound) {
  const std::string text = RpcMessage::Request(1, std::string(1000, 'x')).Dump();
  EXPECT_TRUE(ReadRpcMessage(text, 2000).message);
  EXPECT_FALSE(ReadRpcMessage(text, 1000).message);
}

struct Fixture {
  ManualLoop loop{7};
  RpcQuestions questions{loop, 2};
  std::vector<RpcMessage> sent;
  RpcQuestions::Send send = [this](const RpcMessage& message) {
    sent.push_back(message);
    return true;
  };
};

TEST(RpcQuestions, AnswersReachTheirQuestionsInAnyOrder) {
  Fixture f;
  std::vector<std::string> got;
  const auto take = [&](Result<RpcAnswer> answer) { got.push_back(answer ? answer->result.Dump() : "error"); };
  Spawn(f.questions.Ask({}, "a", {}, f.send), take);
  Spawn(f.questions.Ask({}, "b", {}, f.send), take);
  ASSERT_EQ(f.sent.size(), 2u);
  EXPECT_TRUE(f.questions.Answer(RpcMessage::Answer(f.sent[1].id, "second")));
  EXPECT_TRUE(f.questions.Answer(RpcMessage::Answer(f.sent[0].id, "first")));
  f.loop.RunUntilIdle();
  EXPECT_EQ(got, (std::vector<std::string>{"\"second\"", "\"first\""}));
}

TEST(RpcQuestions, AnswersToWhatNobodyAskedAreIgnored) {
  Fixture f;
  int num_answers = 0;
  Spawn(f.questions.Ask({}, "a", {}, f.send), [&](Result<RpcAnswer>) { ++num_answers; });
  const Json id = f.sent[0].id;
  EXPECT_FALSE(f.questions.Answer(RpcMessage::Answer(99, 1)));
  EXPECT_FALSE(f.questions.Answer(RpcMessage::Answer(std::to_string(*id.AsInt64()), 1)));  // text is another id
  EXPECT_FALSE(f.questions.Answer(RpcMessage::Fault({}, {})));
  EXPECT_TRUE(f.questions.Answer(RpcMessage::Answer(id, 1)));
  EXPECT_FALSE(f.questions.Answer(RpcMessage::Answer(id, 2)));  // reused
  f.loop.RunUntilIdle();
  EXPECT_EQ(num_answers, 1);
}

TEST(RpcQuestions, AFaultIsAnAnswer) {
  Fixture f;
  std::optional<Result<RpcAnswer>> got;
  Spawn(f.questions.Ask({}, "a", {}, f.send), [&](Result<RpcAnswer> answer) { got = std::move(answer); });
  f.questions.Answer(RpcMessage::Fault(f.sent[0].id, {.code = -32601, .message = "no", .data = {}}));
  f.loop.RunUntilIdle();
  ASSERT_TRUE(got && got->ok());
  ASSERT_TRUE((*got)->error);
  EXPECT_EQ((*got)->error->code, -32601);
}

TEST(RpcQuestions, DeadlineAndStopGiveUpAndAreTold) {
  Fixture f;
  std::vector<std::string> given_up, ended;
  const auto on_give_up = [&](const Json& id, const Error& why) {
    given_up.push_back(id.Dump() + " " + std::string(ErrorKindName(why.kind)));
  };
  const auto take = [&](Result<RpcAnswer> answer) { ended.push_back(std::string(ErrorKindName(answer.error().kind))); };
  Call late;
  late.deadline = f.loop.Now() + std::chrono::seconds(5);
  Spawn(f.questions.Ask(late, "a", {}, f.send, on_give_up), take);
  std::stop_source stop;
  Call stopped;
  stopped.stop = stop.get_token();
  Spawn(f.questions.Ask(stopped, "b", {}, f.send, on_give_up), take);
  stop.request_stop();
  f.loop.RunUntilIdle();
  f.loop.Advance(std::chrono::seconds(6));
  EXPECT_EQ(given_up, (std::vector<std::string>{"2 cancelled", "1 timeout"}));
  EXPECT_EQ(ended, (std::vector<std::string>{"cancelled", "timeout"}));
  EXPECT_FALSE(f.questions.Answer(RpcMessage::Answer(1, 1)));
}

TEST(RpcQuestions, NoMoreThanTheBoundWaitAtOnce) {
  Fixture f;
  for (int i = 0; i < 2; ++i) Spawn(f.questions.Ask({}, "a", {}, f.send), [](Result<RpcAnswer>) {});
  std::optional<ErrorKind> kind;
  Spawn(f.questions.Ask({}, "a", {}, f.send), [&](Result<RpcAnswer> answer) { kind = answer.error().kind; });
  f.loop.RunUntilIdle();
  EXPECT_EQ(kind, ErrorKind::kExhausted);
  EXPECT_EQ(f.sent.size(), 2u);
}

TEST(RpcQuestions, ATransportThatIsGoneIsAnError) {
  Fixture f;
  std::optional<ErrorKind> kind;
  const auto gone = [](const RpcMessage&) { return false; };
  Spawn(f.questions.Ask({}, "a", {}, gone), [&](Result<RpcAnswer> answer) { kind = answer.error().kind; });
  f.loop.RunUntilIdle();
  EXPECT_EQ(kind, ErrorKind::kUnavailable);
}

TEST(RpcQuestions, OneThatCannotBeAnsweredFailsAlone) {
  Fixture f;
  std::vector<std::string> ended;
  const auto take = [&](Result<RpcAnswer> answer) { ended.push_back(answer ? "answer" : answer.error().what); };
  Spawn(f.questions.Ask({}, "a", {}, f.send), take);
  Spawn(f.questions.Ask({}, "b", {}, f.send), take);
  f.questions.Fail(f.sent[0].id, Error::Unavailable({}, "cut off"));
  f.questions.Fail(f.sent[0].id, Error::Unavailable({}, "again"));
  f.questions.Answer(RpcMessage::Answer(f.sent[1].id, 1));
  f.loop.RunUntilIdle();
  EXPECT_EQ(ended, (std::vector<std::string>{"cut off", "answer"}));
}

TEST(RpcQuestions, AllThatWaitEndWithTheConversation) {
  ManualLoop loop{3};
  std::optional<ErrorKind> kind;
  {
    RpcQuestions questions(loop);
    Spawn(questions.Ask({}, "a", {}, [](const RpcMessage&) { return true; }),
          [&](Result<RpcAnswer> answer) { kind = answer.error().kind; });
  }
  loop.RunUntilIdle();
  EXPECT_EQ(kind, ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace atelier
