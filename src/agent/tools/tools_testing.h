// What the tests of this folder share.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <utility>

#include "agent/tools/tool_entry.h"
#include "base/io/files.h"
#include "base/net/async_http_client.h"
#include "base/net/io_loop.h"

namespace atelier {

// A loop, a pool and an empty folder, and what is made and run with them.
class ToolBench {
 public:
  ToolBench() { CHECK(Files::Real().MakeFolders(folder_).ok()); }
  ~ToolBench() { static_cast<void>(RemoveTree(Files::Real(), folder_)); }
  // Outlives the tools that are made with it.
  const ToolEnvironment& environment() {
    environment_.home = home;
    environment_.clock = clock;
    return environment_;
  }
  Result<AgentTools> Make(std::string type, Json with = {}) {
    ToolConfig config;
    config.type = std::move(type);
    config.with = std::move(with);
    return Make(config);
  }
  Result<AgentTools> Make(const ToolConfig& config) { return MakeTools(config, environment()); }
  Result<ToolOutput> Run(AgentTool& tool, Json arguments, Call call = {}) {
    ToolCallInfo info{.run_id = "run", .idempotency_key = "key", .principal = ""};
    return loop_.RunTask(tool.Run(std::move(call), std::move(info), std::move(arguments)));
  }
  IoLoop& loop() { return loop_; }
  const std::string& folder() const { return folder_; }

  std::string home;  // of ToolEnvironment
  const Clock* clock = &Clock::Real();

 private:
  static inline std::atomic<int> num_benches_ = 0;
  const std::string folder_ =
      ::testing::TempDir() + "/tools_" + std::to_string(getpid()) + "_" + std::to_string(++num_benches_);
  IoLoop loop_;
  Pool pool_{loop_, 2};
  AsyncHttpClient http_{loop_};
  ToolEnvironment environment_{.pool = pool_, .http = &http_};
};

}  // namespace atelier
