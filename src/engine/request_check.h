// Whether an engine can serve what it is asked: every bound of request.h, checked before anything is queued.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "engine/request.h"
#include "engine/runner.h"

namespace atelier {

// Errors as Engine::Submit says. Prompts longer than the context are cut where the request allows it.
Result<void> CheckRequest(const GenerateRequest& request, const RunnerShape& shape, int64_t max_context);
Result<void> CheckRequest(EmbedRequest& request, const RunnerShape& shape, int64_t max_context);
Result<void> CheckRequest(RerankRequest& request, const RunnerShape& shape, int64_t max_context);

}  // namespace atelier
