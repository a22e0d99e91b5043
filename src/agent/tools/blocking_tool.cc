#include "agent/tools/blocking_tool.h"

#include <algorithm>
#include <utility>

namespace atelier {
namespace {

constexpr std::chrono::hours kMostTime{24};

class BlockingTool final : public AgentTool {
 public:
  BlockingTool(const ToolEnvironment& environment, ToolSpec spec, BlockingFunction function)
      : pool_(environment.pool), clock_(*environment.clock), spec_(std::move(spec)), function_(std::move(function)) {}

  const ToolSpec& spec() const override { return spec_; }

  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo info, Json arguments) override {
    // The caller's clock may be a test's; the function waits on the machine's.
    const auto now = clock_.Now();
    if (call.stop.stop_requested()) co_return Error::Cancelled(spec_.name, "stopped on request");
    if (now >= call.deadline) co_return Error::Timeout(spec_.name, "the deadline passed before it began");
    const auto left = std::min<Clock::TimePoint::duration>(call.deadline - now, kMostTime);
    const BlockingCall blocking{
        .info = std::move(info), .stop = std::move(call.stop), .until = Clock::Real().Now() + left};
    auto work = [this, &blocking, &arguments]() -> Result<ToolOutput> {
      if (blocking.stop.stop_requested()) return Error::Cancelled(spec_.name, "stopped on request");
      return function_(blocking, arguments);
    };
    auto waiting = OnPool(pool_, std::move(work));
    Result<ToolOutput> output = co_await waiting;
    co_return output;
  }

 private:
  Pool& pool_;
  const Clock& clock_;
  const ToolSpec spec_;
  const BlockingFunction function_;
};

}  // namespace

std::chrono::milliseconds BlockingCall::TimeLeft() const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::Real().Now());
  return std::max(left, std::chrono::milliseconds(1));
}

std::shared_ptr<AgentTool> MakeBlockingTool(const ToolEnvironment& environment, ToolSpec spec,
                                            BlockingFunction function) {
  return std::make_shared<BlockingTool>(environment, std::move(spec), std::move(function));
}

}  // namespace atelier
