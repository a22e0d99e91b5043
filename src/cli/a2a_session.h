// What the commands `a2a …` share: a foreign agent, how it is reached, and how what it says is shown at a terminal.
#pragma once

#include <memory>
#include <string>

#include "agent/protocol/a2a_client.h"
#include "agent/protocol/a2a_follower.h"
#include "base/net/io_loop.h"
#include "cli/command.h"
#include "cli/interrupt.h"

namespace atelier {

// Which agent: the same options for each command.
struct A2aPeerOptions {
  std::string url, key, card_keys;
  void Declare(Options& options);
};

// Reaches the agent's origin and nothing else.
class A2aSession {
 public:
  // Reads the agent's card. Errors: of the options, the network, a card that is not signed as is wanted.
  static Result<std::unique_ptr<A2aSession>> Open(const A2aPeerOptions& options);

  const A2aPeer& peer() const { return peer_; }
  // An operation, with 1.0's parameters and result.
  Result<Json> Ask(const std::string& method, Json params);
  // Say something, or follow a task that is there, until the task ends or asks something back. What the agent tells
  // meanwhile goes to stderr. A task that is no longer waited for goes on.
  Result<A2aReply> Say(A2aMessage message);
  Result<A2aTask> Watch(const std::string& task_id);

 private:
  Call MakeCall() const;
  A2aFollower MakeFollower();

  Interrupt interrupt_;  // before what has threads
  IoLoop loop_;
  std::unique_ptr<AsyncHttpClient> http_;
  std::unique_ptr<A2aClient> client_;
  A2aPeer peer_;
};

// A task: its id, state and conversation, then what came of it and what it says.
void ShowA2aTask(const A2aTask& task);
// Reads a task that an agent gave, and prints it, as `invocation` wants.
Result<void> PrintA2aTask(const Invocation& invocation, const Json& json);
// Prints what an agent answered.
void PrintA2aReply(const Invocation& invocation, const A2aReply& reply);
// A command that does one operation to a task, named by its id, and prints the task; SubscribeToTask follows it.
std::unique_ptr<Command> MakeA2aTaskCommand(std::string operation);
// The texts of parts, and what stands for those that are none.
void ShowA2aParts(const std::vector<A2aPart>& parts);

}  // namespace atelier
