// What tools' descriptions are embedded as, kept: a run asks for hundreds again and again. Loop thread only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/task/call.h"
#include "base/task/task.h"
#include "provider/language_model.h"

namespace atelier {

class ToolVectors {
 public:
  // The cosine of the text and each of `tools`. Errors: the embedder's.
  Task<Result<std::vector<double>>> Likeness(Call call, Embedder& embedder, std::string model, std::string text,
                                             const std::vector<std::string>& tools);

 private:
  Task<Result<void>> Learn(Call call, Embedder& embedder, std::string model, const std::vector<std::string>& tools);
  std::map<std::string, std::vector<float>> known_;  // by model and text
};

}  // namespace atelier
