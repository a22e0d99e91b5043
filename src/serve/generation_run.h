// One generation of one choice, as a resource runs it: the model found, a trace, the activity page, what the key pays,
// and what has come so far. The resource only words the events.
//
//   CO_TRY(auto run, co_await GenerationRun::Start(app, http, gen_ai::kChat, model, std::move(request), {}));
//   for (auto batch = co_await run->Next(); !batch.empty(); batch = co_await run->Next()) ...
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/activity.h"
#include "app/app.h"
#include "base/net/http.h"
#include "provider/language_model.h"
#include "serve/call_trace.h"
#include "serve/generation_reply.h"

namespace atelier {

class GenerationRun {
 public:
  struct Options {
    bool stream = false;
    Json metadata = {};          // null, or texts by name
    std::string id_prefix = {};  // of the reply's id in the trace
  };
  // `model` may be empty. Errors have left their trace.   REQUIRES: the request asks for one choice.
  static Task<Result<std::shared_ptr<GenerationRun>>> Start(App& app, HttpRequest http, std::string_view operation,
                                                            std::string model, GenerationRequest request,
                                                            Options options);

  // What came, in order; empty: it is over, and the trace has ended.
  Task<std::deque<GenerationEvent>> Next();
  // Waits until it is over.
  Task<void> Finish();
  // The client left. Next goes on until the end.
  void Cancel() { generation_.owner.reset(); }

  const ModelListing& model() const { return model_; }
  std::string id() const { return trace_.id(); }
  const Generation& generation() const { return generation_; }
  const GenerationOptions& options() const { return asked_; }
  const ActiveGeneration& active() const { return *active_; }
  CallTrace& trace() { return trace_; }

  // As far as it has come; whole once Next was empty.
  const ChoiceResult& choice() const { return choice_; }
  const GenerationEnd& end() const { return end_; }
  const std::optional<Error>& error() const { return end_.error; }

 private:
  GenerationRun(App& app, CallTrace trace, ModelListing model, GenerationOptions asked)
      : app_(app), trace_(std::move(trace)), model_(std::move(model)), asked_(std::move(asked)) {}
  void Gather(const GenerationEvent& event);

  App& app_;
  CallTrace trace_;
  ModelListing model_;
  GenerationOptions asked_;
  Generation generation_;
  std::shared_ptr<ActiveGeneration> active_;
  ChoiceResult choice_;
  GenerationEnd end_;
  bool is_over_ = false;
};

// A new call, or more of the last one's arguments.
void AddCall(ToolCallDelta call, std::vector<ToolCallDelta>& calls);

}  // namespace atelier
