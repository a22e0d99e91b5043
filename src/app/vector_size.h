// How many numbers a model's vectors have: what a corpus must know before it is made.
#pragma once

#include <cstdint>
#include <optional>

#include "app/app.h"
#include "base/task/call.h"
#include "base/task/task.h"

namespace atelier {

// As its listing says; of a provider's model that says nothing, a word is embedded and counted. Of no model 0.
Task<Result<int32_t>> VectorSizeOf(Call call, App& app, std::optional<ModelListing> model);

}  // namespace atelier
