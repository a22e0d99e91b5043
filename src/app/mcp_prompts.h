// Prompt files (prompt_files.h) as MCP clients are offered them. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/protocol/mcp_features.h"
#include "app/prompt_files.h"
#include "base/task/loop.h"

namespace atelier {

class McpPromptFiles final : public McpPrompts {
 public:
  // `on_change`: the list is another than it was. `loop` outlives it.
  McpPromptFiles(Loop& loop, std::string folder) : loop_(loop), files_(std::move(folder)) {}
  void OnChange(std::function<void()> on_change) { on_change_ = std::move(on_change); }

  std::vector<Json> List(const McpCaller& caller) override;
  Task<Result<Json>> Get(McpContextPtr context, std::string name, Json arguments) override;
  // The values of an argument that begin so. Errors: kNotFound.
  Result<std::vector<std::string>> Complete(const std::string& name, const std::string& argument,
                                            const std::string& begun);
  // Looks at the folder every other second, until the call is stopped.
  Task<void> Watch(Call call);

 private:
  void Look();

  Loop& loop_;
  PromptFiles files_;
  std::function<void()> on_change_ = [] {};
  bool looked_ = false;
  Loop::TimePoint looked_at_ = {};
};

}  // namespace atelier
