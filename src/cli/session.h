// The application in a command's own process: for commands that run a model.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/app.h"
#include "base/net/io_loop.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "serve/call_trace.h"
#include "serve/generation_reply.h"

namespace atelier {

// Which model, and how it runs: the same options wherever a command runs one.
struct ModelOptions {
  std::string model;
  int64_t threads = 0;
  std::string kv_cache;

  void Declare(Options& options);
  void Apply(Config& config) const;
};

// What a generation gave, as far as it came.
struct Outcome {
  std::vector<ChoiceResult> choices;
  PromptLogprobs prompt_logprobs;
  Usage usage;
  RequestTimes times;
  uint64_t seed = 0;
  bool interrupted = false;  // by Ctrl-C: texts end where it came
};

class Session {
 public:
  static Result<std::unique_ptr<Session>> Open(const Invocation& invocation, const ModelOptions& options);
  ~Session();

  App& app() { return *app_; }
  Interrupt& interrupt() { return interrupt_; }
  // The model that `options` named, or the default one of that kind.
  Result<ModelListing> FindModel(std::string_view kind) const { return app_->FindModel(name_, kind); }

  // Runs a task of the application to its end on this thread.
  template <class T>
  T Run(Task<T> task) {
    return loop_.RunTask(std::move(task));
  }

  using OnDelta = std::function<void(const GenerationDelta& delta)>;
  // Generates and tells what is new as it comes; leaves a trace. Ctrl-C ends it early, which is no error.
  Result<Outcome> Generate(const ModelListing& model, std::string_view operation, GenerationRequest request,
                           OnDelta on_delta);
  Result<Embeddings> Embed(const ModelListing& model, EmbeddingRequest request);
  Result<Reranking> Rerank(const ModelListing& model, RerankingRequest request);
  Result<Decision> Decide(const ModelListing& model, DecisionRequest request);

 private:
  Session() = default;
  Call MakeCall() const;
  template <class T, class Face, class Request>
  Result<T> Whole(const ModelListing& model, CallTrace trace, Request request, Face& face,
                  Task<Result<T>> (Face::*ask)(Call, Request));
  Task<Result<Outcome>> GenerateTask(ModelListing model, std::string operation, GenerationRequest request,
                                     OnDelta on_delta);

  // In the order of who needs whom.
  Interrupt interrupt_;
  IoLoop loop_;
  std::unique_ptr<App> app_;
  std::string name_;
};

// {"choices": […], "usage": …} and how long it took; `token_ids` puts each choice's ids beside its text.
Json OutcomeBody(const ModelListing& model, const Outcome& outcome, bool token_ids);
// "31 tokens read (12 from the cache) in 24 ms, 20 written at 87.3 tokens/s"
std::string SpeedText(const Outcome& outcome);

}  // namespace atelier
