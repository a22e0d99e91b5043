#include "agent/protocol/a2a.h"

#include <gtest/gtest.h>

#include "agent/protocol/a2a_error.h"
#include "agent/protocol/a2a_time.h"
#include "agent/protocol/a2a_v03.h"

namespace atelier {
namespace {

Json Parsed(std::string_view text) { return Json::Parse(text).value(); }

TEST(A2aVersions, NothingMeansTheOldOneAndPatchesDoNotCount) {
  EXPECT_EQ(A2aVersionOf(""), A2aVersion::kV03);
  EXPECT_EQ(A2aVersionOf("0.3.0"), A2aVersion::kV03);
  EXPECT_EQ(A2aVersionOf("1.0.1"), A2aVersion::kV10);
  EXPECT_EQ(A2aVersionOf("1.00"), std::nullopt);
  EXPECT_EQ(A2aVersionOf("99.0"), std::nullopt);
}

TEST(A2aMessages, HoldPartsThatEachAreOneThing) {
  const auto read = [](std::string_view part) {
    const Json json = Json::Object(
        {{"messageId", "m"}, {"role", "ROLE_USER"}, {"unknown", 1}, {"parts", Json::Array({Parsed(part)})}});
    return CheckA2aMessage(ReadA2a<A2aMessage>(json).value());
  };
  EXPECT_TRUE(read(R"({"text": ""})").ok());
  EXPECT_TRUE(read(R"({"data": {"a": [1]}})").ok());
  EXPECT_TRUE(read(R"({"raw": "dGNr", "mediaType": "text/plain"})").ok());
  EXPECT_FALSE(read(R"({})").ok());
  EXPECT_FALSE(read(R"({"text": "a", "url": "http://b"})").ok());
  EXPECT_FALSE(read(R"({"raw": "not base64"})").ok());
}

TEST(A2aMessages, AreReadByTheNamesOfTheProtocolBuffersToo) {
  const Json sent = Parsed(R"({"message_id": "m", "role": "ROLE_USER", "context_id": "other", "contextId": "c",
      "parts": [{"data": {"a_b": {"c_d": 1}}, "media_type": "application/json"}], "metadata": {"x_y": 1}})");
  const A2aMessage message = ReadA2a<A2aMessage>(sent).value();
  EXPECT_EQ(message.message_id, "m");
  EXPECT_EQ(message.context_id, "c");
  EXPECT_EQ(message.parts[0].media_type, "application/json");
  EXPECT_EQ(message.parts[0].data, Parsed(R"({"a_b": {"c_d": 1}})"));
  EXPECT_EQ(message.metadata, Parsed(R"({"x_y": 1})"));
}

TEST(A2aArtifacts, PiecesOfATextBecomeOne) {
  A2aTask task{.id = "t"};
  const auto piece = [](std::string text, bool append) {
    A2aArtifact artifact{.artifact_id = "answer", .parts = {A2aText(std::move(text))}};
    return A2aArtifactUpdate{.artifact = std::move(artifact), .append = append};
  };
  Apply(piece("wrong", false), task);
  Apply(piece("one ", false), task);
  Apply(piece("two", true), task);
  ASSERT_EQ(task.artifacts->size(), 1U);
  EXPECT_EQ(A2aTextOf(task.artifacts->front().parts), "one two");
}

TEST(A2aOldVersion, WritesWhatItReads) {
  const Json params = Parsed(R"({"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "a"},
      {"raw": "dGNr", "filename": "f.txt", "mediaType": "text/plain"}, {"data": {"k": 1}}]},
      "configuration": {"returnImmediately": true}})");
  const Json old = A2aV03Params("SendMessage", params);
  EXPECT_EQ(old["message"]["kind"], Json("message"));
  EXPECT_EQ(old["message"]["role"], Json("user"));
  EXPECT_EQ(old["message"]["parts"][1]["file"]["bytes"], Json("dGNr"));
  EXPECT_EQ(old["configuration"]["blocking"], Json(false));
  EXPECT_EQ(A2aV10Params("SendMessage", old), params);
}

TEST(A2aOldVersion, SaysWhenAStreamEnds) {
  const Json event = Parsed(R"({"statusUpdate": {"taskId": "t", "contextId": "c",
      "status": {"state": "TASK_STATE_INPUT_REQUIRED"}}})");
  const Json old = A2aV03Result("SendStreamingMessage", event);
  EXPECT_EQ(old["kind"], Json("status-update"));
  EXPECT_EQ(old["status"]["state"], Json("input-required"));
  EXPECT_EQ(old["final"], Json(true));
  EXPECT_EQ(A2aV10Result("SendStreamingMessage", old), event);
  const Json rest = A2aV03Result("SendStreamingMessage", event, A2aV03Form::kRest);
  EXPECT_EQ(rest["statusUpdate"]["status"]["state"], Json("TASK_STATE_INPUT_REQUIRED"));
  EXPECT_EQ(A2aV10Result("SendStreamingMessage", rest, A2aV03Form::kRest), event);
}

TEST(A2aOldVersion, WritesOverHttpAsItsProtocolBuffersDo) {
  const Json params = Parsed(R"({"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "a"},
      {"data": {"k": 1}}]}})");
  const Json old = A2aV03Params("SendMessage", params, A2aV03Form::kRest);
  EXPECT_EQ(old["message"]["role"], Json("ROLE_USER"));
  EXPECT_EQ(old["message"]["content"][1]["data"]["data"]["k"], Json(1));
  EXPECT_FALSE(old["message"].Has("kind"));
  EXPECT_EQ(A2aV10Params("SendMessage", old, A2aV03Form::kRest)["message"], params["message"]);
}

TEST(A2aTimes, AreReadAsTheyAreWritten) {
  EXPECT_EQ(A2aTime(1'761'647'400'142), "2025-10-28T10:30:00.142Z");
  EXPECT_EQ(ParseA2aTime("t", "2025-10-28T10:30:00.142Z").value(), 1'761'647'400'142);
  EXPECT_EQ(ParseA2aTime("t", "2025-10-28T10:30:00Z").value(), 1'761'647'400'000);
  for (const char* wrong : {"", "2025-10-28", "2025-13-28T10:30:00Z", "2025-10-28T10:30:00+02:00", "x"}) {
    EXPECT_FALSE(ParseA2aTime("t", wrong).ok()) << wrong;
  }
}

TEST(A2aErrors, AreOneInBothBindings) {
  const Error error = A2aError(a2a_reason::kTaskNotFound, "task", "got 'x'");
  EXPECT_EQ(A2aRpcError(error).code, -32001);
  EXPECT_EQ(A2aHttpStatus(error), 404);
  const Json body = A2aHttpError(error, 404);
  EXPECT_EQ(body["error"]["details"][0]["reason"], Json("TASK_NOT_FOUND"));
  EXPECT_EQ(ReadA2aHttpError(404, body).code, "TASK_NOT_FOUND");
  EXPECT_EQ(ReadA2aRpcError(A2aRpcError(error)).code, "TASK_NOT_FOUND");
}

}  // namespace
}  // namespace atelier
