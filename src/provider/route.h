// A name that stands for several models: who fails is asked again after a while, then the next one is.
//
//   order      of a fallback as configured; of a split one by weight first, then the others
//   again      after a pause that doubles, half of it at random, and never before a Retry-After; only what may get
//              better is tried again: no connection, 5xx, 429, time out
//   the next   for what this model cannot do but another may; what is wrong with the request itself is told at once
//   breaker    a model that failed so often in a row rests (breaker.h); one that says Retry-After rests until then
//   streams    nothing is tried again once a delta has gone out: until the first one the answer is held back
//
// All randomness comes from the seed and all time from the loop, so that a run can be replayed. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/task/backoff.h"
#include "base/task/loop.h"
#include "provider/breaker.h"
#include "provider/language_model.h"
#include "provider/response_cache.h"
#include "provider/route_config.h"
#include "provider/slots.h"

namespace atelier {

// What one model can be asked through; null where it cannot.
struct ModelFaces {
  LanguageModel* language = nullptr;
  Embedder* embedder = nullptr;
  Reranker* reranker = nullptr;
};

// One try of one target, for traces and metrics.
struct RouteAttempt {
  Call call;
  std::string route, target;
  Clock::TimePoint began, ended;  // until the first token, of generations
  bool mirror = false;
  std::optional<Error> error;
};

struct RouteSurroundings {
  Loop& loop;
  ModelFaces models;  // asked by the names of targets
  uint64_t seed = 0;
  std::function<void(const RouteAttempt&)> on_attempt;  // may be empty
};

class Route final : public LanguageModel, public Embedder, public Reranker {
 public:
  // What `around` names must outlive the route and its generations.
  Route(RouteConfig config, RouteSurroundings around);
  ~Route() override;

  const RouteConfig& config() const { return config_; }

  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override;
  Task<Result<Decision>> Decide(Call call, DecisionRequest request) override;
  Task<Result<Embeddings>> Embed(Call call, EmbeddingRequest request) override;
  Task<Result<EmbedderDetails>> DescribeEmbedder(Call call, std::string model) override;
  Task<Result<Reranking>> Rerank(Call call, RerankingRequest request) override;
  // Of the first target.
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override;
  Task<Result<ModelDetails>> Describe(Call call, std::string model) override;
  Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) override;

 private:
  struct Target {
    std::string name;
    double weight = 1;
    Breaker breaker;
  };
  struct Opened;
  // What an error says about going on.
  enum class Verdict { kTellCaller, kNextTarget, kTryAgain };
  static Verdict VerdictOf(const Error& error);

  template <class T, class Op>
  Task<Result<T>> Try(Call call, Op op);
  template <class T, class Face, class Request>
  Task<Result<T>> Whole(Call call, Request request, Face* face, Task<Result<T>> (Face::*ask)(Call, Request));
  Task<Result<Opened>> Open(Call call, GenerationRequest request, Target& target);
  Task<void> Mirror(Call call, GenerationRequest request);
  void StartMirrors(const Call& call, const GenerationRequest& request);
  Call Bounded(Call call) const;
  std::vector<size_t> Order();
  void Note(Target& target, const Error& error, Clock::TimePoint deadline);
  void Report(const Call& call, const std::string& target, Clock::TimePoint began, const Error* error, bool mirror);
  Error NobodyReady() const;
  Error OfRoute(Error error) const;

  const RouteConfig config_;
  const RouteSurroundings around_;
  const Backoff backoff_;
  Random random_;
  std::vector<Target> targets_;
  Slots slots_;
  std::optional<ResponseCache> cache_;
  int num_mirrored_ = 0;
  std::stop_source mirrors_;
};

}  // namespace atelier
