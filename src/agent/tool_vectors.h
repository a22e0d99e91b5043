// What tools' descriptions are embedded as, kept: a run asks for hundreds again and again. Loop thread only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/tool_finder.h"
#include "base/task/call.h"
#include "base/task/task.h"
#include "provider/language_model.h"

namespace atelier {

class ToolVectors {
 public:
  // The queries with their likeness to each of `tools` (ToolWords::Meaning): the cosine. Errors: the embedder's.
  Task<Result<std::vector<ToolQuery>>> Compare(Call call, Embedder& embedder, std::string model,
                                               std::vector<ToolQuery> queries, const std::vector<std::string>& tools);

 private:
  Task<Result<void>> Learn(Call call, Embedder& embedder, std::string model, const std::vector<std::string>& tools);
  std::map<std::string, std::vector<float>> known_;  // by model and text
};

}  // namespace atelier
