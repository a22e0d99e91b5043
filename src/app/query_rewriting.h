// `rewrite_query` of vector stores' search: a question as a search engine would want it, by the default chat model.
#pragma once

#include <string>
#include <vector>

#include "app/app.h"
#include "base/task/call.h"
#include "base/task/task.h"

namespace atelier {

// The queries, and after them what the model makes of each: searching for both loses nothing where a small model
// misses the point. A model that is not there, fails or takes longer than 20 seconds adds nothing.
Task<std::vector<std::string>> WithRewritten(App& app, Call call, std::vector<std::string> queries);

}  // namespace atelier
