// A command that serves a protocol of lines on stdin and stdout, until stdin ends or Ctrl-C.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/task/loop.h"
#include "base/task/task.h"
#include "cli/session.h"

namespace atelier {

// `begin` is given what writes a line (false: nobody reads), and gives what takes one. Errors: the channel's.
using TakeLine = std::function<void(const std::string& line)>;
using WriteLine = std::function<bool(const std::string& line)>;
Task<Result<void>> ServeStdio(Loop& loop, std::stop_token stop, std::function<Result<TakeLine>(WriteLine write)> begin);

// The command: the application, served so by a task that ends when stdin does.
class StdioCommand final : public Command {
 public:
  using Serve = Task<Result<void>> (*)(App& app, std::stop_token stop);
  explicit StdioCommand(Serve serve) : serve_(serve) {}

  void Declare(Options& options) override { model_.Declare(options); }
  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, Session::Open(invocation, model_));
    return session->Run(serve_(session->app(), session->interrupt().token()));
  }

 private:
  const Serve serve_;
  ModelOptions model_;
};

}  // namespace atelier
