#include "cli/a2a_session.h"

#include <cstdio>
#include <utility>

#include "agent/protocol/a2a_signature.h"
#include "cli/terminal_text.h"
#include "provider/provider_config.h"

namespace atelier {
namespace {

class A2aTaskCommand final : public Command {
 public:
  explicit A2aTaskCommand(std::string operation) : operation_(std::move(operation)) {}
  void Declare(Options& options) override {
    peer_.Declare(options);
    options.Text("task", id_, "its id");
    options.Required();
    options.Takes("ID", Completion::kNothing);
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, A2aSession::Open(peer_));
    if (operation_ == "SubscribeToTask") {
      TRY(A2aTask task, session->Watch(id_));
      PrintA2aReply(invocation, std::move(task));
      return {};
    }
    Json params = Json::Object({{"id", id_}});
    TRY(const Json task, session->Ask(operation_, std::move(params)));
    return PrintA2aTask(invocation, task);
  }

 private:
  const std::string operation_;
  A2aPeerOptions peer_;
  std::string id_;
};

}  // namespace

void A2aPeerOptions::Declare(Options& options) {
  options.Text("url", url, "of the agent's card, or what it stands below");
  options.Required();
  options.Takes("URL", Completion::kNothing);
  options.Text("--key", key, "sent as a bearer token: env:NAME or file:PATH");
  options.Takes("SECRET", Completion::kNothing);
  options.Text("--card-keys", card_keys, "a JWK set; the card must be signed by one of its keys");
  options.Takes("FILE", Completion::kFiles);
}

Result<std::unique_ptr<A2aSession>> A2aSession::Open(const A2aPeerOptions& options) {
  TRY(const Url url, Url::Parse(options.url));
  auto session = std::make_unique<A2aSession>();
  session->http_ = std::make_unique<AsyncHttpClient>(session->loop_);
  A2aClient::Parts parts{.http = *session->http_, .egress = EgressPolicy::OnlyOriginOf(url)};
  if (!options.key.empty()) {
    TRY(parts.key, ReadSecret(options.key, "--key"));
  }
  TRY(parts.card_keys, ReadA2aCardKeys(options.card_keys));
  session->client_ = std::make_unique<A2aClient>(std::move(parts));
  TRY(session->peer_, session->loop_.RunTask(session->client_->Find(session->MakeCall(), options.url)));
  return session;
}

Call A2aSession::MakeCall() const {
  Call call;
  call.stop = interrupt_.token();
  return call;
}

Result<Json> A2aSession::Ask(const std::string& method, Json params) {
  return loop_.RunTask(client_->Ask(MakeCall(), peer_, method, std::move(params)));
}

A2aFollower A2aSession::MakeFollower() {
  A2aFollower::Options options;
  options.on_update = [](const A2aTask& task, const A2aUpdate& update) {
    // How it ends is printed as its outcome.
    const bool is_settled = IsTerminal(task.state()) || IsInterrupted(task.state());
    if (!std::holds_alternative<A2aStatus>(update) || is_settled) return;
    const std::string text = A2aTextOf(update);
    std::fprintf(stderr, "%s  %s%s%s\n", SafeForTerminal(task.id).c_str(), SafeForTerminal(task.status.state).c_str(),
                 text.empty() ? "" : "  ", SafeForTerminal(text).c_str());
  };
  return A2aFollower(*client_, loop_, peer_, std::move(options));
}

Result<A2aReply> A2aSession::Say(A2aMessage message) {
  A2aFollower follower = MakeFollower();
  return loop_.RunTask(follower.Say(MakeCall(), std::move(message)));
}

Result<A2aTask> A2aSession::Watch(const std::string& task_id) {
  A2aFollower follower = MakeFollower();
  return loop_.RunTask(follower.Watch(MakeCall(), task_id));
}

void ShowA2aParts(const std::vector<A2aPart>& parts) {
  for (const A2aPart& part : parts) {
    std::string text = part.text.value_or(std::string());
    if (!part.data.is_null()) text = part.data.DumpPretty();
    if (part.url) text = part.filename.value_or("file") + ": " + *part.url;
    if (part.raw) text = "(a file of type " + part.media_type.value_or("unknown") + ")";
    std::printf("%s\n", SafeForTerminal(text).c_str());
  }
}

void ShowA2aTask(const A2aTask& task) {
  std::printf("%s  %s  of %s\n", SafeForTerminal(task.id).c_str(), SafeForTerminal(task.status.state).c_str(),
              SafeForTerminal(task.context_id).c_str());
  if (task.artifacts) {
    for (const A2aArtifact& artifact : *task.artifacts) ShowA2aParts(artifact.parts);
  }
  if (task.status.message) ShowA2aParts(task.status.message->parts);
}

Result<void> PrintA2aTask(const Invocation& invocation, const Json& json) {
  TRY(const A2aTask task, ReadA2a<A2aTask>(json));
  if (invocation.json) {
    invocation.Print(json);
  } else {
    ShowA2aTask(task);
  }
  return {};
}

void PrintA2aReply(const Invocation& invocation, const A2aReply& reply) {
  const auto* task = std::get_if<A2aTask>(&reply);
  const auto* message = std::get_if<A2aMessage>(&reply);
  if (invocation.json) {
    invocation.Print(task ? WriteJson(*task) : WriteJson(*message));
  } else if (task) {
    ShowA2aTask(*task);
  } else {
    ShowA2aParts(message->parts);
  }
}

std::unique_ptr<Command> MakeA2aTaskCommand(std::string operation) {
  return std::make_unique<A2aTaskCommand>(std::move(operation));
}

}  // namespace atelier
