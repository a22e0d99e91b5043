// A command that serves a protocol of lines on stdin and stdout, until stdin ends or Ctrl-C.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/task/loop.h"
#include "base/task/task.h"

namespace atelier {

// `begin` is given what writes a line (false: nobody reads), and gives what takes one. Errors: the channel's.
using TakeLine = std::function<void(const std::string& line)>;
using WriteLine = std::function<bool(const std::string& line)>;
Task<Result<void>> ServeStdio(Loop& loop, std::stop_token stop, std::function<Result<TakeLine>(WriteLine write)> begin);

}  // namespace atelier
