// a2a_fixture_server PORT FOLDER everything|nothing|extension: the agent that A2A's conformance kit asks (a2a-tck), on
// the desk, store and bindings that ship. What it does with a message stands in its id, as the kit has it; its card
// declares everything, nothing, or an extension that it requires. It speaks 1.0 alone: the kit's schema of a card
// refuses 0.3's keys. PORT 0: any. Serves until SIGTERM, and says on stdout where.
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/protocol/a2a_error.h"
#include "agent/protocol/a2a_http.h"
#include "agent/protocol/a2a_push.h"
#include "agent/protocol/a2a_signature.h"
#include "base/net/http_server.h"
#include "base/net/io_loop.h"

namespace atelier {
namespace {

constexpr std::string_view kLongRunning = "test-resubscribe-message-id";
constexpr std::chrono::seconds kLong{4};  // twice what the kit waits for a stream

// The kit sends a file of this type and wants it taken (CORE-SEND-003 is worded the other way round, but asks for no
// error): so this agent takes it, and says so in its card.
constexpr std::string_view kFileType = "application/x-unsupported-tck-type";

struct Scenario {
  std::string_view prefix;
  std::vector<A2aUpdate> updates;
};

A2aStatus Status(A2aState state, std::string text = {}) {
  A2aStatus status{.state = std::string(A2aStateName(state))};
  if (!text.empty()) status.message = A2aMessage{.role = std::string(kA2aAgent), .parts = {A2aText(std::move(text))}};
  return status;
}
A2aUpdate Artifact(A2aPart part, bool append = false, bool last = true) {
  A2aArtifact artifact{.artifact_id = "artifact", .parts = {std::move(part)}};
  return A2aArtifactUpdate{.artifact = std::move(artifact), .append = append, .last_chunk = last};
}
A2aPart File() { return {.raw = "dGNr", .filename = "output.txt", .media_type = "text/plain"}; }
A2aPart Url() {
  return {.url = "https://example.com/output.txt", .filename = "output.txt", .media_type = "text/plain"};
}

// The longer prefix first where one begins another.
std::vector<Scenario> Scenarios() {
  const A2aUpdate working = Status(A2aState::kWorking), done = Status(A2aState::kCompleted);
  const Json data = Json::Object({{"key", "value"}, {"count", 42}});
  return {
      {"tck-complete-task", {Status(A2aState::kCompleted, "Hello from TCK")}},
      {"tck-artifact-text", {Artifact(A2aText("Generated text content")), done}},
      {"tck-artifact-file-url", {Artifact(Url()), done}},
      {"tck-artifact-file", {Artifact(File()), done}},
      {"tck-artifact-data", {Artifact(A2aPart{.data = data}), done}},
      {"tck-input-required", {Status(A2aState::kInputRequired, "What else?")}},
      {"tck-reject-task", {Status(A2aState::kRejected, "rejected")}},
      {"tck-stream-001", {working, Artifact(A2aText("Stream hello from TCK")), done}},
      {"tck-stream-002", {done}},
      {"tck-stream-003", {working, Artifact(A2aText("Stream task lifecycle")), done}},
      {"tck-stream-ordering-001", {working, Artifact(A2aText("Ordered output")), done}},
      {"tck-stream-artifact-text", {working, Artifact(A2aText("Streamed text content")), done}},
      {"tck-stream-artifact-file", {working, Artifact(File()), done}},
      {"tck-stream-artifact-chunked",
       {working, Artifact(A2aText("chunk-1 "), false, false), Artifact(A2aText("chunk-2"), true, true), done}},
      {kLongRunning, {working, done}},
  };
}

class Fixture final : public A2aExecutor {
 public:
  explicit Fixture(Loop& loop) : loop_(loop) {}

  std::optional<A2aMessage> Direct(const A2aMessage& message) override {
    if (!message.message_id.starts_with("tck-message-response")) return {};
    return A2aMessage{.message_id = message.message_id + "-answer",
                      .role = std::string(kA2aAgent),
                      .parts = {A2aText("Direct message response")}};
  }
  Result<void> Check(const A2aMessage& message) override {
    for (const A2aPart& part : message.parts) {
      const std::string type = part.media_type.value_or("text/plain");
      if (type == "text/plain" || type == "application/json" || type == kFileType) continue;
      return A2aError(a2a_reason::kContentType, "message.parts", "got " + type.substr(0, 64));
    }
    return {};
  }
  Task<Result<void>> Begin(A2aRow, std::vector<A2aTask>) override { co_return Result<void>(); }
  Task<Result<void>> Continue(A2aRow, A2aMessage) override { co_return Result<void>(); }
  Task<Result<void>> Cancel(A2aRow) override { co_return Result<void>(); }

  Task<void> Work(Call call, A2aRow row, OnA2aUpdate tell) override {
    const std::string id = row.task.history->back().message_id;
    // A turn of its own, so that whoever asked is told of the task first.
    co_await SleepFor(loop_, std::chrono::milliseconds(5), call.stop);
    for (const Scenario& scenario : scenarios_) {
      if (!id.starts_with(scenario.prefix)) continue;
      for (const A2aUpdate& update : scenario.updates) {
        tell(update);
        if (scenario.prefix == kLongRunning) co_await SleepFor(loop_, kLong, call.stop);
      }
      co_return;
    }
    tell(Status(A2aState::kCompleted, "No scenario begins with " + id));
  }

 private:
  Loop& loop_;
  const std::vector<Scenario> scenarios_ = Scenarios();
};

A2aCardInfo InfoOf(std::string_view declares) {
  A2aCardInfo info{.name = "tck", .description = "Does what the conformance kit wants."};
  const bool everything = declares == "everything";
  info.capabilities = {.streaming = everything, .push = everything, .extended_card = everything, .version_03 = false};
  if (declares == "extension") {
    info.capabilities.extensions = {{.uri = "urn:a2a:tck:required-extension", .required = true}};
  }
  info.input_modes.emplace_back(kFileType);
  info.skills = {{.id = "tck", .name = "tck", .description = "Answers by the message's id.", .tags = {"tck"}}};
  return info;
}

EgressConfig Webhooks() {
  EgressConfig webhooks;
  webhooks.private_hosts = {"127.0.0.1:*", "localhost:*", "127.0.0.0/8", "::1"};
  return webhooks;
}

std::string UrlOf(const HttpRequest& request) {
  return "http://" + std::string(request.headers.Get("Host")) + "/a2a/tck";
}

Router RouterTo(A2aHttp& face) {
  const auto ask = [&face](HttpRequest request) {
    std::string url = UrlOf(request), rest(request.Path("rest"));
    return face.Handle(std::move(request), std::move(url), std::move(rest));
  };
  const auto card = [&face](HttpRequest request) -> Task<HttpResponse> {
    co_return face.GetCard(request, UrlOf(request));
  };
  Router router;
  router.Add("GET", "/.well-known/agent-card.json", card);
  router.Add("POST", "/a2a/tck", ask);
  router.Add("POST", "/a2a/tck/", ask);
  for (const char* verb : {"GET", "POST", "DELETE"}) router.Add(verb, "/a2a/tck/{rest...}", ask);
  return router;
}

int Fail(const Error& error) {
  std::fprintf(stderr, "%s\n", error.Message().c_str());
  return 1;
}

int Serve(int port, const std::string& folder, std::string_view declares) {
  IoLoop loop;
  Pool pool(loop, 2);
  auto database = Database::Open(folder + "/a2a.db");
  if (!database.ok()) return Fail(database.error());
  auto store = A2aStore::Open(**database);
  if (!store.ok()) return Fail(store.error());
  AsyncHttpClient http(loop);
  A2aPushOptions push_options;
  push_options.egress = EgressPolicy::Create(Webhooks()).value();
  A2aPush push({.loop = loop, .pool = pool, .clock = Clock::Real(), .store = **store, .http = http}, push_options);
  A2aDesk desk({.loop = loop,
                .pool = pool,
                .clock = Clock::Real(),
                .store = **store,
                .agent = "tck",
                .executor = std::make_shared<Fixture>(loop),
                .push = &push});
  const A2aCardInfo info = InfoOf(declares);
  const A2aSigner signer(SigningKey::Make(), "");
  const auto card = [&](const std::string& url) {
    return A2aCard(info, url, [&](const Json& text) { return signer.Sign(text); });
  };
  const auto extended = [&](const A2aCaller& caller) { return card(caller.url); };
  A2aHttp face(loop, A2aOperations(desk, info.capabilities, extended), card);
  ServerOptions options;
  options.port = port;
  auto listening = HttpServer::Listen(loop, std::move(options), RouterTo(face));
  if (!listening.ok()) return Fail(listening.error());
  (*listening)->RunBeside([&desk](Call) -> Task<void> { (void)co_await desk.Resume(); });
  (*listening)->RunBeside([&push](Call call) { return push.Run(std::move(call)); });
  loop.OnSignals({SIGTERM, SIGINT}, [&](int) { loop.Stop(); });
  std::printf("%s\n", (*listening)->url().c_str());
  std::fflush(stdout);
  loop.Run();
  return 0;
}

}  // namespace
}  // namespace atelier

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  return atelier::Serve(std::atoi(argv[1]), argv[2], argv[3]);
}
