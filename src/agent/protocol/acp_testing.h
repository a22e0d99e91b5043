// An editor's side of an AcpConnection for tests: lines in, lines out, and an agent that does little.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/protocol/acp_connection.h"
#include "base/task/manual_loop.h"

namespace atelier {

// Says what it was asked in the session's updates; asks the editor where the prompt is "ask", and waits where it is
// "wait".
class LittleAcpAgent final : public AcpAgent {
 public:
  explicit LittleAcpAgent(std::weak_ptr<AcpClient> client) : client_(std::move(client)) {}

  Task<Result<Json>> NewSession(Call, AcpSessionSetup setup) override {
    servers = std::move(setup.mcp_servers);
    co_return Json::Object({{"sessionId", "s1"}});
  }
  Task<Result<Json>> OpenSession(Call, AcpSessionSetup setup, bool replay) override {
    co_return Json::Object({{"opened", setup.session_id}, {"replayed", replay}});
  }
  Task<Result<Json>> ListSessions(Call, AcpListSessions) override {
    co_return Json::Object({{"sessions", Json::Array()}});
  }
  Task<Result<Json>> CloseSession(Call, AcpSessionId id) override { co_return Known(id.session_id); }
  Task<Result<Json>> DeleteSession(Call, AcpSessionId id) override { co_return Known(id.session_id); }
  Task<Result<Json>> SetMode(Call, AcpSetMode set) override { co_return Known(set.session_id); }
  Task<Result<Json>> SetConfigOption(Call, AcpSetConfigOption set) override { co_return Known(set.session_id); }
  void Cancel(const std::string& session_id) override { cancelled.push_back(session_id); }

  Task<Result<Json>> Prompt(Call call, AcpPrompt prompt) override {
    CO_TRY(const std::string text, AcpPromptText(prompt.prompt));
    const auto client = client_.lock();
    if (!client) co_return Error::Cancelled("", "the editor has gone");
    client->Update(prompt.session_id, AcpChunk("agent_message_chunk", text, "m1"));
    if (text == "wait") co_await SleepUntil(client->loop(), Loop::TimePoint::max(), call.stop);
    Json said;
    if (text == "ask") {
      Json question = Json::Object({{"sessionId", prompt.session_id}});
      CO_TRY(said, co_await client->Ask(std::move(call), "session/request_permission", std::move(question)));
    }
    co_return Json::Object({{"stopReason", kAcpEndTurn}, {"said", std::move(said)}});
  }

  std::vector<std::string> cancelled;
  std::vector<AcpMcpServer> servers;

 private:
  static Result<Json> Known(const std::string& id) {
    if (id != "s1") return Error::NotFound("session " + id.substr(0, 64), "there is none");
    return Json::Object();
  }
  std::weak_ptr<AcpClient> client_;
};

struct AcpEditor {
  ManualLoop loop{7};
  std::vector<Json> said;
  std::shared_ptr<LittleAcpAgent> agent;  // null before `initialize`
  std::shared_ptr<AcpConnection> connection;

  AcpEditor() {
    const auto write = [this](const std::string& line) {
      auto json = Json::Parse(line);
      CHECK(json.ok() && line.find('\n') == std::string::npos);
      said.push_back(*std::move(json));
      return true;
    };
    const auto make = [this](std::weak_ptr<AcpClient> client) {
      agent = std::make_shared<LittleAcpAgent>(std::move(client));
      return agent;
    };
    connection = AcpConnection::Create(loop, write, make);
  }
  ~AcpEditor() {
    connection->Close();
    loop.RunUntilIdle();
  }
  // The last that was said.
  Json Say(std::string_view line) {
    connection->TakeLine(line);
    loop.RunUntilIdle();
    return said.empty() ? Json() : said.back();
  }
  Json Ask(int id, const std::string& method, const std::string& params = "{}") {
    return Say(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + method + R"(","params":)" +
               params + "}");
  }
  void Begin() { Ask(0, "initialize", R"({"protocolVersion":1,"clientCapabilities":{"fs":{"readTextFile":true}}})"); }
};

}  // namespace atelier
