// The searches of a response under way: before the model is asked, or where it calls file_search.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "app/app.h"
#include "base/task/call.h"
#include "base/task/task.h"
#include "serve/file_search.h"
#include "serve/response_writer.h"

namespace atelier {

class ResponseSearch {
 public:
  // `emit` takes each event as it comes. `max_calls` bounds the searches; `show_results`: file_search_call.results.
  struct Options {
    FileSearchUse use;
    int64_t max_calls = 0;
    bool show_results = false;
    std::function<void(std::vector<Json>)> emit;
  };
  ResponseSearch(App& app, ResponseWriter& writer, Options options)
      : app_(app), writer_(writer), options_(std::move(options)) {}

  bool is_first() const { return options_.use.first; }
  // Searches for what the user said last and puts the sources into the request.
  Task<Result<void>> SearchFirst(Call call, GenerationRequest& request);
  // Answers the calls that the model has made, in the request that goes on with them.
  Task<Result<void>> Answer(Call call, std::vector<ToolCallDelta> calls, GenerationRequest& request);

 private:
  Task<Result<std::vector<VectorStoreHit>>> Search(Call call, std::vector<std::string> queries);
  Task<Result<void>> Show(Call call, GenerationRequest& request, std::vector<VectorStoreHit> hits,
                          std::vector<AnsweredSearch> calls);

  App& app_;
  ResponseWriter& writer_;
  const Options options_;
  int64_t num_calls_ = 0;
  size_t next_number_ = 1;  // of sources
};

}  // namespace atelier
