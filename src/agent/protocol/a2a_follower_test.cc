#include "agent/protocol/a2a_follower.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "base/net/faulty_server.h"
#include "base/net/sse.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;
using End = FaultyServer::End;
using Answer = FaultyServer::Answer;

constexpr std::string_view kEvents = "text/event-stream";

Json Parsed(std::string_view text) { return Json::Parse(text).value(); }

std::string Status(std::string_view state, std::string_view task = "t") {
  return R"({"statusUpdate": {"taskId": ")" + std::string(task) +
         R"(", "contextId": "c", "status": {"state": "TASK_STATE_)" + std::string(state) + R"("}}})";
}
std::string Piece(std::string_view text, bool append = true, std::string_view id = "a") {
  return R"({"artifactUpdate": {"taskId": "t", "contextId": "c", "append": )" + std::string(append ? "true" : "false") +
         R"(, "artifact": {"artifactId": ")" + std::string(id) + R"(", "parts": [{"text": ")" + std::string(text) +
         R"("}]}}})";
}
std::string TaskOf(std::string_view state, std::string_view text = "") {
  std::string artifacts;
  if (!text.empty()) {
    artifacts = R"(, "artifacts": [{"artifactId": "a", "parts": [{"text": ")" + std::string(text) + R"("}]}])";
  }
  return R"({"id": "t", "contextId": "c", "status": {"state": "TASK_STATE_)" + std::string(state) + "\"}" + artifacts +
         "}";
}
std::string Sse(const std::vector<std::string>& events) {
  std::string text;
  for (const std::string& event : events) text += FormatSse(event);
  return text;
}

// An agent that speaks HTTP+JSON and answers each path with what it is told, the last answer again and again.
class A2aFollowing : public testing::Test {
 protected:
  using Answers = std::map<std::string, std::vector<Answer>>;  // "POST /message:stream"

  Answer Next(const FaultyServer::Request& request) {
    const std::string what = request.head.substr(0, request.head.find(" HTTP/"));
    asked_.push_back(what);
    auto& answers = answers_[what];
    if (answers.empty()) return Answer{HttpAnswer(404, "application/json", "{}")};
    Answer answer = answers.front();
    if (answers.size() > 1) answers.erase(answers.begin());
    return answer;
  }
  static Answer Stream(const std::vector<std::string>& events, End end = End::kKeep) {
    if (end == End::kKeep) return {HttpAnswer(200, kEvents, Sse(events))};
    return {
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunk(Sse(events)),
        end};
  }
  static std::string Chunk(const std::string& text) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", text.size());
    return size + text + "\r\n";
  }
  static Answer Whole(std::string_view json) { return {HttpAnswer(200, "application/json", json)}; }

  A2aFollower Follow(bool streams, bool cancels = true) {
    A2aPeer peer{.url = server_.url(), .version = A2aVersion::kV10, .rest = true};
    peer.card = Json::Object({{"capabilities", Json::Object({{"streaming", streams}})}});
    A2aFollower::Options options{.cancels = cancels};
    options.on_update = [this](const A2aTask& task, const A2aUpdate& update) {
      const std::string text = A2aTextOf(update);
      told_.push_back(text.empty() ? task.status.state.substr(11) : text);
    };
    return A2aFollower(client_, loop_, std::move(peer), std::move(options));
  }
  Result<A2aReply> Say(bool streams, Call call = {}) {
    A2aFollower follower = Follow(streams);
    A2aMessage message{.message_id = "m", .parts = {A2aText("hello")}};
    return loop_.RunTask(follower.Say(std::move(call), std::move(message)));
  }
  static std::string TextOf(const Result<A2aReply>& reply) {
    if (!reply.ok()) return reply.error().Message();
    const auto* task = std::get_if<A2aTask>(&*reply);
    if (!task) return A2aTextOf(std::get<A2aMessage>(*reply).parts);
    return task->status.state.substr(11) + (task->artifacts ? " " + A2aTextOf(task->artifacts->front().parts) : "");
  }
  int64_t NumAsked(std::string_view what) const { return std::ranges::count(asked_, what); }

  Answers answers_;
  std::vector<std::string> asked_, told_;
  FaultyServer server_{[this](const FaultyServer::Request& request) { return Next(request); }};
  IoLoop loop_;
  AsyncHttpClient http_{loop_};
  A2aClient client_{{.http = http_, .egress = EgressPolicy::OnlyOriginOf(Url::Parse(server_.url()).value())}};
};

TEST_F(A2aFollowing, AStreamIsToldAsItComes) {
  answers_["POST /message:stream"] = {Stream({R"({"task": )" + TaskOf("SUBMITTED") + "}", Status("WORKING"),
                                              Piece("one ", false), Piece("two"), Status("COMPLETED")})};
  EXPECT_EQ(TextOf(Say(true)), "COMPLETED one two");
  EXPECT_EQ(told_, (std::vector<std::string>{"WORKING", "one ", "two", "COMPLETED"}));
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(A2aFollowing, AMessageIsAnAnswerAtOnce) {
  answers_["POST /message:stream"] = {
      Stream({R"({"message": {"messageId": "n", "role": "ROLE_AGENT", "parts": [{"text": "hi"}]}})"})};
  EXPECT_EQ(TextOf(Say(true)), "hi");
}

TEST_F(A2aFollowing, AStreamThatIsCutGoesOnWhereTheTaskIs) {
  answers_["POST /message:stream"] = {Stream({Status("WORKING"), Piece("one ", false)}, End::kReset)};
  answers_["GET /tasks/t"] = {Whole(TaskOf("WORKING", "one two ")), Whole(TaskOf("COMPLETED", "one two three"))};
  // Its last piece came while nobody listened: the task says so in the end.
  answers_["GET /tasks/t:subscribe"] = {Stream({Status("COMPLETED")})};
  EXPECT_EQ(TextOf(Say(true)), "COMPLETED one two three");
  EXPECT_EQ(NumAsked("POST /message:stream"), 1);
}

TEST_F(A2aFollowing, WhoCannotBeListenedToAgainIsAskedFromTimeToTime) {
  answers_["POST /message:stream"] = {Stream({Status("WORKING")}, End::kClose)};
  answers_["GET /tasks/t"] = {Whole(TaskOf("WORKING")), Whole(TaskOf("WORKING")), Whole(TaskOf("COMPLETED", "done"))};
  EXPECT_EQ(TextOf(Say(true)), "COMPLETED done");
  EXPECT_EQ(NumAsked("GET /tasks/t:subscribe"), 1);
}

TEST_F(A2aFollowing, WhoDoesNotStreamIsNotAskedTo) {
  answers_["POST /message:send"] = {Whole(R"({"task": )" + TaskOf("WORKING") + "}")};
  answers_["GET /tasks/t"] = {Whole(TaskOf("INPUT_REQUIRED", "which?"))};
  EXPECT_EQ(TextOf(Say(false)), "INPUT_REQUIRED which?");
  EXPECT_EQ(NumAsked("POST /message:stream"), 0);
}

TEST_F(A2aFollowing, WhoseCardWasWrongAboutStreamsIsAskedWithoutOne) {
  answers_["POST /message:stream"] = {
      Answer{HttpAnswer(400, "application/json", R"({"error": {"code": 400, "message": "no", "details": [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "UNSUPPORTED_OPERATION"}]}})")}};
  answers_["POST /message:send"] = {Whole(R"({"task": )" + TaskOf("COMPLETED", "done") + "}")};
  EXPECT_EQ(TextOf(Say(true)), "COMPLETED done");
}

TEST_F(A2aFollowing, AMessageIsNotSaidTwiceWhereItMayHaveBeenHeard) {
  answers_["POST /message:stream"] = {Stream({}, End::kReset)};
  EXPECT_FALSE(Say(true).ok());
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(A2aFollowing, AnEndlessStreamEndsAndTheAgentIsTold) {
  Answer endless = Stream({Status("WORKING")}, End::kHang);
  const std::string body = Chunk(Sse({Piece(std::string(60'000, 'x'))}));
  const std::string head = endless.bytes.substr(0, endless.bytes.find("\r\n\r\n") + 4);
  answers_["POST /message:stream"] = {Answer{.bytes = head + body, .end = End::kHang, .endless = true}};
  const auto reply = Say(true);
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, ErrorKind::kTooLarge) << reply.error().Message();
  EXPECT_EQ(asked_.back(), "POST /tasks/t:cancel");
  EXPECT_LE(told_.size(), static_cast<size_t>(A2aFollower::kMaxTold));
}

TEST_F(A2aFollowing, ArtifactsWithoutEndAreRefused) {
  std::vector<std::string> events;
  for (int i = 0; i < 1'100; ++i) events.push_back(Piece("x", false, "a" + std::to_string(i)));
  answers_["POST /message:stream"] = {Stream(events)};
  const auto reply = Say(true);
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, ErrorKind::kTooLarge);
}

TEST_F(A2aFollowing, WhatIsNoEventOrOfAnotherTaskIsAnError) {
  for (const char* event :
       {"{", "[]", R"({"statusUpdate": {"taskId": "t", "status": {}}})", R"({"artifactUpdate": {"taskId": "t"}})",
        R"({"statusUpdate": {"status": {"state": "x"}}})"}) {
    answers_["POST /message:stream"] = {Stream({event})};
    EXPECT_FALSE(Say(true).ok()) << event;
  }
  answers_["POST /message:stream"] = {Stream({Status("WORKING"), Status("COMPLETED", "another")})};
  EXPECT_EQ(Say(true).error().code, "INVALID_AGENT_RESPONSE");
}

TEST_F(A2aFollowing, ASilentAgentIsWaitedForNoLongerThanTheCall) {
  answers_["POST /message:stream"] = {Stream({Status("WORKING")}, End::kHang)};
  Call call;
  call.deadline = loop_.Now() + 300ms;
  const auto reply = Say(true, call);
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(asked_.back(), "POST /tasks/t:cancel");
}

TEST_F(A2aFollowing, WhatWasAskedBeforeIsNotTakenForTheAnswer) {
  answers_["POST /message:stream"] = {Stream({R"({"task": )" + TaskOf("INPUT_REQUIRED", "which?") + "}",
                                              Status("WORKING"), Piece("blue", false), Status("COMPLETED")})};
  A2aFollower follower = Follow(true);
  A2aMessage message{.message_id = "m", .task_id = "t", .parts = {A2aText("blue")}};
  EXPECT_EQ(TextOf(loop_.RunTask(follower.Say({}, std::move(message)))), "COMPLETED blue");
}

TEST_F(A2aFollowing, ATaskIsWatchedAndNotCancelledByWhoOnlyLooks) {
  answers_["GET /tasks/t"] = {Whole(TaskOf("WORKING")), Whole(TaskOf("COMPLETED", "done"))};
  answers_["GET /tasks/t:subscribe"] = {Stream({R"({"task": )" + TaskOf("WORKING") + "}", Status("COMPLETED")})};
  A2aFollower follower = Follow(true, false);
  const Result<A2aTask> task = loop_.RunTask(follower.Watch({}, "t"));
  ASSERT_TRUE(task.ok()) << task.error().Message();
  EXPECT_EQ(A2aTextOf(task->artifacts->front().parts), "done");
  EXPECT_EQ(NumAsked("POST /tasks/t:cancel"), 0);
}

TEST(A2aOldVersion, IsAskedByHttpAsWellInItsOwnWords) {
  const Json card = Parsed(R"({"protocolVersion": "0.3.0", "url": "http://a/", "preferredTransport": "GRPC",
      "additionalInterfaces": [{"url": "http://b", "transport": "HTTP+JSON"}]})");
  const A2aPeer peer = ChooseA2aPeer(card).value();
  EXPECT_EQ(peer.url, "http://b");
  EXPECT_TRUE(peer.rest);
  EXPECT_EQ(peer.version, A2aVersion::kV03);
}

}  // namespace
}  // namespace atelier
