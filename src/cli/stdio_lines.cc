#include "cli/stdio_lines.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "base/process/line_pipe.h"
#include "base/task/stream.h"

namespace atelier {

Task<Result<void>> ServeStdio(Loop& loop, std::stop_token stop,
                              std::function<Result<TakeLine>(WriteLine write)> begin) {
  const auto over = Channel<bool>::Create(loop, 1);
  const std::stop_callback on_stop(stop, [over] { over->Close(); });
  TakeLine take;
  Result<void> ended;
  const auto on_line = [&take](const std::string& line) { take(line); };
  const auto on_end = [&ended, over](Result<void> why) {
    ended = std::move(why);
    over->Close();
  };
  LinePipe::Options options;
  options.in = STDIN_FILENO;
  options.out = STDOUT_FILENO;
  // What is still being answered when this ends writes to nobody.
  auto pipe = std::make_shared<std::unique_ptr<LinePipe>>();
  *pipe = std::make_unique<LinePipe>(loop, options, on_line, on_end);
  CO_TRY(take, begin([pipe](const std::string& line) { return *pipe != nullptr && (*pipe)->Write(line); }));
  co_await over->NextBatch();
  pipe->reset();
  co_return ended;
}

}  // namespace atelier
