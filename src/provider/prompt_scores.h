// Scores prompts on a local model: the log probability of each one's last tokens, given those before. Many at once,
// beside whatever else the engine serves, and the same bits as alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/task/call.h"
#include "base/task/loop.h"
#include "base/task/task.h"
#include "engine/model_host.h"
#include "engine/request.h"

namespace atelier {

struct ScoredPrompt {
  std::vector<int32_t> tokens;
  // The first token that counts; tokens before it may come from the prefix cache. tokens.size(): none counts, the
  // prompt is only read, for those that begin with it.
  int64_t from = 1;
};

struct PromptScores {
  std::vector<double> logprobs;  // of each prompt: the sum over its tokens that count
  int64_t cached_tokens = 0;     // of the first prompt
  RequestTimes times;            // of the first prompt's start to the last one's end
};

struct ScoringOptions {
  std::string cache_salt;
  int32_t priority = 0;
};

// Errors are the engine's: a prompt over the context (where: "prompt"), a full queue, a deadline.
Task<Result<PromptScores>> ScorePrompts(Loop& loop, Call call, ModelLease lease, std::vector<ScoredPrompt> prompts,
                                        ScoringOptions options);

}  // namespace atelier
