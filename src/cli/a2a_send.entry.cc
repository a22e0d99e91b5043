// atelier a2a send
#include "base/object_id.h"
#include "cli/a2a_session.h"

namespace atelier {
namespace {

class A2aSendCommand final : public Command {
 public:
  void Declare(Options& options) override {
    peer_.Declare(options);
    options.Text("message", text_, "what the agent is told");
    options.Required();
    options.Text("--task", task_, "a task that asked something: goes on with it");
    options.Text("--context", context_, "a conversation: begins a new task in it");
    options.Flag("--no-wait", no_wait_, "do not wait for the task");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, A2aSession::Open(peer_));
    A2aMessage message{.message_id = NewObjectId("msg_"), .parts = {A2aText(text_)}};
    if (!task_.empty()) message.task_id = task_;
    if (!context_.empty()) message.context_id = context_;
    if (!no_wait_) {
      TRY(const A2aReply reply, session->Say(std::move(message)));
      PrintA2aReply(invocation, reply);
      return {};
    }
    Json params = Json::Object({{"message", WriteJson(message)}});
    params.Set("configuration", Json::Object({{"returnImmediately", true}}));
    TRY(const Json reply, session->Ask("SendMessage", std::move(params)));
    if (!reply["message"].is_object()) return PrintA2aTask(invocation, reply["task"]);
    TRY(A2aMessage said, ReadA2a<A2aMessage>(reply["message"]));
    PrintA2aReply(invocation, std::move(said));
    return {};
  }

 private:
  A2aPeerOptions peer_;
  std::string text_, task_, context_;
  bool no_wait_ = false;
};

}  // namespace

extern const CommandEntry command_a2a_send{
    "a2a send", "Tell a foreign agent something, and show what comes of it",
    "Waits until the task ends or asks something back; then --task goes on with it. What the agent tells meanwhile, "
    "where\n"
    "it streams, goes to stderr.\n"
    "\n"
    "  atelier a2a send http://127.0.0.1:8910/a2a/helper 'What is 6 times 7?'\n"
    "  atelier a2a send https://travel.example.org 'By train' --task run_8Fq2 --key env:TRAVEL_KEY",
    []() -> std::unique_ptr<Command> { return std::make_unique<A2aSendCommand>(); }};

}  // namespace atelier
