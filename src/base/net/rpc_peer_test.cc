#include "base/net/rpc_peer.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/task/manual_loop.h"

namespace atelier {
namespace {

// A peer whose requests wait until they are stopped, but for "echo" and "none".
struct Line {
  ManualLoop loop{5};
  std::vector<Json> said;
  std::vector<std::string> heard;
  int num_given_up = 0;
  std::shared_ptr<RpcPeer> peer;

  explicit Line(RpcPeer::Limits limits = {}) {
    RpcPeer::Handlers handlers;
    handlers.serve = [this](Call call, RpcMessage request) { return Serve(std::move(call), std::move(request)); };
    handlers.hear = [this](const RpcMessage& notification) { heard.push_back(notification.method); };
    handlers.give_up = [this](const Json&, const Error&) { ++num_given_up; };
    const auto write = [this](const std::string& line) {
      said.push_back(*Json::Parse(line));
      return true;
    };
    peer = RpcPeer::Create(loop, limits, write, std::move(handlers));
  }
  Task<std::optional<RpcMessage>> Serve(Call call, RpcMessage request) {
    if (request.method == "none") co_return std::nullopt;
    if (request.method != "echo") co_await SleepUntil(loop, Loop::TimePoint::max(), call.stop);
    co_return RpcMessage::Answer(request.id, call.stop.stop_requested() ? Json("stopped") : request.params);
  }
  void Say(const std::string& line) {
    peer->TakeLine(line);
    loop.RunUntilIdle();
  }
  void Ask(int id, const std::string& method) {
    Say(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + method + R"(","params":{"a":1}})");
  }
};

TEST(RpcPeer, AnswersRequestsAndHearsNotifications) {
  Line line;
  line.Ask(1, "echo");
  ASSERT_EQ(line.said.size(), 1U);
  EXPECT_EQ(line.said[0]["id"], Json(1));
  EXPECT_EQ(line.said[0]["result"]["a"], Json(1));
  line.Say(R"({"jsonrpc":"2.0","method":"news"})");
  EXPECT_EQ(line.heard, std::vector<std::string>{"news"});
  line.Ask(2, "none");
  line.Say("  \t");
  EXPECT_EQ(line.said.size(), 1U);
}

TEST(RpcPeer, WhatIsNoMessageIsAnsweredWithoutAnId) {
  Line line;
  line.Say("nonsense");
  ASSERT_EQ(line.said.size(), 1U);
  EXPECT_EQ(line.said[0]["error"]["code"], Json(RpcError::kParse));
  EXPECT_TRUE(line.said[0]["id"].is_null());
}

TEST(RpcPeer, ARequestIsCancelledByItsId) {
  Line line;
  line.Ask(7, "wait");
  EXPECT_EQ(line.peer->num_running(), 1U);
  EXPECT_FALSE(line.peer->Cancel(Json("7")));
  EXPECT_TRUE(line.peer->Cancel(Json(7)));
  line.loop.RunUntilIdle();
  EXPECT_EQ(line.said.back()["result"], Json("stopped"));
  EXPECT_FALSE(line.peer->Cancel(Json(7)));
}

TEST(RpcPeer, AnIdTwiceAndMoreThanItBearsAreRefused) {
  Line line({.max_running = 2});
  line.Ask(1, "wait");
  line.Ask(1, "echo");
  EXPECT_EQ(line.said.back()["error"]["code"], Json(RpcError::kInvalidRequest));
  line.Ask(2, "wait");
  line.Ask(3, "echo");
  EXPECT_EQ(line.said.back()["error"]["code"], Json(RpcError::kInternal));
  EXPECT_EQ(line.peer->num_running(), 2U);
  line.peer->Close();
  line.loop.RunUntilIdle();
}

TEST(RpcPeer, AQuestionIsAnsweredOrGivenUp) {
  Line line;
  std::optional<Result<RpcAnswer>> answer;
  const auto keep = [&](Result<RpcAnswer> came) { answer = std::move(came); };
  Spawn(line.peer->Ask(Call(), "who", Json::Object()), keep);
  line.loop.RunUntilIdle();
  EXPECT_EQ(line.said.back()["method"], Json("who"));
  line.Say(R"({"jsonrpc":"2.0","id":99,"result":"nobody asked"})");
  EXPECT_FALSE(answer);
  line.Say(R"({"jsonrpc":"2.0","id":1,"result":"me"})");
  ASSERT_TRUE(answer && answer->ok());
  EXPECT_EQ((*answer)->result, Json("me"));

  answer.reset();
  std::stop_source stop;
  Call call;
  call.stop = stop.get_token();
  Spawn(line.peer->Ask(call, "who", Json::Object()), keep);
  line.loop.RunUntilIdle();
  stop.request_stop();
  line.loop.RunUntilIdle();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(line.num_given_up, 1);
}

TEST(RpcPeer, CloseStopsWhatIsUnderWayAndSaysNothingMore) {
  Line line;
  line.Ask(1, "wait");
  std::optional<Result<RpcAnswer>> answer;
  Spawn(line.peer->Ask(Call(), "who", Json::Object()), [&](Result<RpcAnswer> came) { answer = std::move(came); });
  line.loop.RunUntilIdle();
  const size_t num_said = line.said.size();
  line.peer->Close();
  bool drained = false;
  Spawn(line.peer->Drain(Call()), [&] { drained = true; });
  line.loop.RunUntilIdle();
  EXPECT_TRUE(drained);
  EXPECT_EQ(line.said.size(), num_said);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().kind, ErrorKind::kUnavailable);
  line.Ask(2, "echo");
  EXPECT_EQ(line.said.size(), num_said);
}

TEST(RpcPeer, DrainWaitsNoLongerThanItMay) {
  Line line;
  line.Ask(1, "wait");
  Call call;
  call.deadline = line.loop.Now() + std::chrono::seconds(5);
  bool drained = false;
  Spawn(line.peer->Drain(call), [&] { drained = true; });
  line.loop.RunUntilIdle();
  EXPECT_FALSE(drained);
  line.loop.Advance(std::chrono::seconds(6));
  EXPECT_TRUE(drained);
  line.peer->Close();
  line.loop.RunUntilIdle();
}

}  // namespace
}  // namespace atelier
