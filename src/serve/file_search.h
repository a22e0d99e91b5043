// The tool file_search of /v1/responses: when vector stores are searched, and how what is found is shown to the model.
//
// Offered alone, or chosen, it searches before the model is asked, for what the user said last; beside other tools the
// model may call it like a function. Sources are numbered from 1 through the response; what the model cites as [n] is a
// citation of source n (response_writer.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/app.h"
#include "app/vector_store_search.h"
#include "base/task/call.h"
#include "base/task/task.h"
#include "provider/language_model.h"
#include "serve/response_body.h"

namespace atelier {

struct FileSearchUse {
  VectorStoreSearch search;  // without queries
  bool first = false;        // before the model is asked; else where the model calls it
};
// None: it is not offered, or the choice forbids it. Errors name the tool.
Result<std::optional<FileSearchUse>> FileSearchOf(const ResponsesBody& body);

// As the model sees it, where it may call it.
Result<Tool> SearchTool();
// The queries in the arguments of such a call; of others none.
std::vector<std::string> SearchQueries(std::string_view arguments);
// The tool as a Response says it.
Json SearchToolEcho(const ResponseToolBody& tool);

// The results of a file_search_call.
Json SearchResults(const std::vector<VectorStoreHit>& hits);
// What the user said last; empty: nothing.
std::string LastUserText(const GenerationRequest& request);

// A call of the model's, and what is said to it.
struct AnsweredSearch {
  std::string call_id, arguments;
  size_t num_hits = 0;  // of the hits, in order, that are this call's
};

// Puts hits into the prompt, numbered from `first`, as many as fit beside the rest: before what the user said last, or
// where `calls` are given as answers to these. Returns how many of the hits are shown; with `calls` all that fit of
// each. Errors: the model's.
Task<Result<std::vector<size_t>>> ShowSources(App& app, Call call, GenerationRequest& request,
                                              const std::vector<VectorStoreHit>& hits, size_t first,
                                              std::vector<AnsweredSearch> calls);

}  // namespace atelier
