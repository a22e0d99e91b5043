#include "provider/route.h"

#include <algorithm>
#include <utility>

#include "base/task/stop_link.h"
#include "provider/relay.h"

namespace atelier {
namespace {

using std::chrono::milliseconds;

constexpr int kMaxMirrored = 16;  // requests at once; more are not mirrored
constexpr std::chrono::minutes kMirrorPatience{10};

milliseconds Milliseconds(double seconds) { return milliseconds(static_cast<int64_t>(seconds * 1000)); }

ResponseCache::Limits LimitsOf(const RouteCacheConfig& config) {
  return {config.entries, config.mib << 20, Milliseconds(config.seconds)};
}

}  // namespace

// A generation that has begun to answer.
struct Route::Opened {
  Generation generation;
  std::deque<GenerationEvent> already;  // with the first thing said, or the end
  Target* target = nullptr;
};

Route::Route(RouteConfig config, RouteSurroundings around)
    : config_(std::move(config)),
      around_(std::move(around)),
      backoff_{Milliseconds(config_.backoff_seconds), Milliseconds(config_.max_backoff_seconds)},
      random_(around_.seed),
      slots_(around_.loop, "route " + config_.name, config_.max_concurrent, config_.max_waiting) {
  for (const RouteTargetConfig& target : config_.targets) {
    const Breaker breaker(config_.breaker_failures, Milliseconds(config_.breaker_seconds));
    targets_.push_back({target.model, target.weight, breaker});
  }
  if (config_.cache) cache_.emplace(LimitsOf(*config_.cache));
}

Route::~Route() { mirrors_.request_stop(); }

Route::Verdict Route::VerdictOf(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kCancelled: return Verdict::kTellCaller;
    case ErrorKind::kInvalid:
      return error.code == "context_length_exceeded" ? Verdict::kNextTarget : Verdict::kTellCaller;
    case ErrorKind::kTimeout: return Verdict::kTryAgain;
    case ErrorKind::kExhausted: return error.code == "insufficient_quota" ? Verdict::kNextTarget : Verdict::kTryAgain;
    case ErrorKind::kUnavailable:
      // Neither our key nor an answer that was repaired in vain gets better by waiting.
      return error.code == "upstream_denied" || error.code == "schema_not_kept" ? Verdict::kNextTarget
                                                                                : Verdict::kTryAgain;
    default: return Verdict::kNextTarget;
  }
}

Error Route::OfRoute(Error error) const {
  if (!error.where.empty() && !error.where.starts_with("provider ")) return error;
  return std::move(error).Under("route " + config_.name);
}

std::vector<size_t> Route::Order() {
  std::vector<size_t> order(targets_.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (config_.strategy != "split") return order;
  double sum = 0;
  for (const Target& target : targets_) sum += target.weight;
  double drawn = random_.Uniform() * sum;
  for (size_t i = 0; i < targets_.size(); ++i) {
    drawn -= targets_[i].weight;
    if (drawn >= 0 || targets_[i].weight == 0) continue;
    std::rotate(order.begin(), order.begin() + static_cast<ptrdiff_t>(i),
                order.begin() + static_cast<ptrdiff_t>(i) + 1);
    break;
  }
  return order;
}

void Route::Note(Target& target, const Error& error, Clock::TimePoint deadline) {
  const Clock::TimePoint now = around_.loop.Now();
  // A caller in a hurry says nothing of the target.
  const bool too_slow = error.kind == ErrorKind::kTimeout && now < deadline;
  const bool broken = too_slow || error.kind == ErrorKind::kInternal ||
                      (error.kind == ErrorKind::kUnavailable && error.code != "schema_not_kept");
  if (broken) {
    target.breaker.Fail(now);
  } else {
    target.breaker.Forget();
  }
  if (error.retry_after && error.kind != ErrorKind::kInvalid) target.breaker.RestUntil(now + *error.retry_after);
}

void Route::Report(const Call& call, const std::string& target, Clock::TimePoint began, const Error* error,
                   bool mirror) {
  if (!around_.on_attempt) return;
  RouteAttempt attempt{call, config_.name, target, began, around_.loop.Now(), mirror, std::nullopt};
  if (error != nullptr) attempt.error = *error;
  around_.on_attempt(attempt);
}

Error Route::NobodyReady() const {
  const Clock::TimePoint now = around_.loop.Now();
  Error error = Error::Exhausted("", "got every model of it resting after failures").WithCode("upstream_unavailable");
  for (const Target& target : targets_) {
    const auto ready = target.breaker.ReadyAt(now);
    const milliseconds wait = ready ? std::chrono::ceil<milliseconds>(*ready - now) : milliseconds(1000);
    error.retry_after = std::min(error.retry_after.value_or(wait), wait);
  }
  return OfRoute(std::move(error));
}

// `op(target, call)` asks one target.
template <class T, class Op>
Task<Result<T>> Route::Try(Call call, Op op) {
  std::optional<Error> last;
  for (const size_t index : Order()) {
    Target& target = targets_[index];
    for (int attempt = 1;; ++attempt) {
      const Clock::TimePoint began = around_.loop.Now();
      if (!target.breaker.Admit(began)) break;
      Result<T> result = co_await op(target, call);
      Report(call, target.name, began, result.ok() ? nullptr : &result.error(), false);
      if constexpr (!std::is_same_v<T, Opened>) {
        if (result.ok()) target.breaker.Succeed();  // of a generation its end tells
      }
      if (result.ok()) co_return result;
      Note(target, result.error(), call.deadline);
      last = std::move(result).error();
      const Verdict verdict = VerdictOf(*last);
      const Clock::TimePoint now = around_.loop.Now();
      if (verdict == Verdict::kTellCaller || now >= call.deadline) co_return OfRoute(*last);
      if (verdict == Verdict::kNextTarget || attempt >= config_.attempts) break;
      const milliseconds pause =
          std::max(backoff_.Pause(attempt, random_), last->retry_after.value_or(milliseconds(0)));
      if (pause > backoff_.most || now + pause >= call.deadline) break;
      const bool slept = co_await SleepFor(around_.loop, pause, call.stop);
      if (!slept) co_return Error::Cancelled("route " + config_.name, "stopped by the caller");
    }
  }
  if (!last) co_return NobodyReady();
  co_return OfRoute(*last);
}

namespace {

// Nothing has been said, and the end is bad news.
const Error* EarlyError(const std::deque<GenerationEvent>& events) {
  const auto* end = events.empty() ? nullptr : std::get_if<GenerationEnd>(&events.back());
  if (end == nullptr || !end->error) return nullptr;
  for (const GenerationEvent& event : events) {
    if (std::holds_alternative<GenerationDelta>(event)) return nullptr;
  }
  return &*end->error;
}

bool SaysSomething(const std::deque<GenerationEvent>& events) {
  return std::any_of(events.begin(), events.end(), [](const GenerationEvent& event) {
    return std::holds_alternative<GenerationDelta>(event) || std::holds_alternative<GenerationEnd>(event);
  });
}

// A stop for a try, requested too when its time is up.
class TryStop {
 public:
  TryStop(Loop& loop, std::stop_token outer, milliseconds most)
      : loop_(loop), link_(std::make_shared<StopLink>(std::move(outer))) {
    if (most.count() == 0) return;
    timer_ = loop.At(loop.Now() + most, [this] {
      late_ = true;
      link_->Stop();
    });
  }
  ~TryStop() {
    if (timer_ != 0) loop_.Cancel(timer_);
  }
  const std::shared_ptr<StopLink>& link() const { return link_; }
  bool late() const { return late_; }

 private:
  Loop& loop_;
  std::shared_ptr<StopLink> link_;
  Loop::TimerId timer_ = 0;
  bool late_ = false;
};

}  // namespace

Task<Result<Route::Opened>> Route::Open(Call call, GenerationRequest request, Target& target) {
  const TryStop stop(around_.loop, call.stop, Milliseconds(config_.first_seconds));
  call.stop = stop.link()->token();
  request.model = target.name;
  Result<Generation> generation = co_await around_.models.language->Generate(call, std::move(request));
  std::optional<Error> error;
  Opened opened;
  opened.target = &target;
  if (generation.ok()) {
    while (!SaysSomething(opened.already)) {
      std::deque<GenerationEvent> batch = co_await generation->events->NextBatch();
      if (batch.empty()) break;
      std::move(batch.begin(), batch.end(), std::back_inserter(opened.already));
    }
    if (const Error* early = EarlyError(opened.already)) error = *early;
    if (!SaysSomething(opened.already)) error = Error::Unavailable(target.name, "got no answer and no end of it");
  } else {
    error = generation.error();
  }
  if (error && stop.late()) {
    error = Error::Timeout(target.name + ": first token", "got none in time");
  }
  if (error) co_return *error;
  opened.generation = std::move(*generation);
  // Both are let go of together.
  opened.generation.owner =
      std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<void>>>(stop.link(), opened.generation.owner);
  co_return opened;
}

Call Route::Bounded(Call call) const {
  if (config_.total_seconds > 0) {
    call.deadline = std::min(call.deadline, around_.loop.Now() + Milliseconds(config_.total_seconds));
  }
  return call;
}

Task<Result<Generation>> Route::Generate(Call call, GenerationRequest request) {
  std::optional<std::string> key;
  if (cache_) key = ResponseCache::KeyOf(request);
  if (key) {
    if (const Gathered* known = cache_->Find(*key, around_.loop.Now())) {
      Gathered answer = *known;
      RequestTimes& times = answer.end.times;
      times.submitted = times.scheduled = times.first_token = times.last_token = times.finished = around_.loop.Now();
      co_return Replay(around_.loop, EventsOf(answer));
    }
  }
  call = Bounded(std::move(call));
  CO_TRY(std::shared_ptr<void> place, co_await slots_.Take(call));
  StartMirrors(call, request);
  const int32_t num_choices = std::max(1, request.options.request.n);
  auto op = [this, &request](Target& target, Call each) { return Open(std::move(each), request, target); };
  CO_TRY(Opened opened, co_await Try<Opened>(call, op));

  auto answer = std::make_shared<Gathered>();
  if (key) answer->choices.resize(static_cast<size_t>(num_choices));
  auto see = [this, key, answer, place, target = opened.target,
              deadline = call.deadline](GenerationEvent& event) mutable {
    if (const auto* delta = std::get_if<GenerationDelta>(&event); delta != nullptr && key) {
      answer->choices.at(static_cast<size_t>(delta->choice)).Add(*delta);
    } else if (const auto* choice = std::get_if<GenerationChoiceEnd>(&event); choice != nullptr && key) {
      answer->choices.at(static_cast<size_t>(choice->choice)).end = *choice;
    } else if (auto* end = std::get_if<GenerationEnd>(&event)) {
      place.reset();
      if (end->error) {
        Note(*target, *end->error, deadline);
        return;
      }
      target->breaker.Succeed();
      answer->end = *end;
      if (key) cache_->Keep(*key, std::move(*answer), around_.loop.Now());
    }
  };
  co_return Relay(around_.loop, std::move(opened.generation), std::move(opened.already), std::move(see));
}

// What is answered whole. `ask` puts it to `face`, the side of all models that can be asked so.
template <class T, class Face, class Request>
Task<Result<T>> Route::Whole(Call call, Request request, Face* face, Task<Result<T>> (Face::*ask)(Call, Request)) {
  call = Bounded(std::move(call));
  CO_TRY(const std::shared_ptr<void> place, co_await slots_.Take(call));
  auto op = [&request, face, ask](Target& target, Call each) {
    Request asked = request;
    asked.model = target.name;
    return (face->*ask)(std::move(each), std::move(asked));
  };
  co_return co_await Try<T>(call, op);
}

Task<Result<Embeddings>> Route::Embed(Call call, EmbeddingRequest request) {
  return Whole(std::move(call), std::move(request), around_.models.embedder, &Embedder::Embed);
}
Task<Result<Reranking>> Route::Rerank(Call call, RerankingRequest request) {
  return Whole(std::move(call), std::move(request), around_.models.reranker, &Reranker::Rerank);
}
Task<Result<Decision>> Route::Decide(Call call, DecisionRequest request) {
  return Whole(std::move(call), std::move(request), around_.models.language, &LanguageModel::Decide);
}

// --- mirrors ---

void Route::StartMirrors(const Call& call, const GenerationRequest& request) {
  for (const std::string& model : config_.mirror) {
    if (num_mirrored_ >= kMaxMirrored) return;
    ++num_mirrored_;
    Call own;
    own.stop = mirrors_.get_token();
    own.deadline = around_.loop.Now() + kMirrorPatience;
    own.principal = "route:" + config_.name;  // whose account pays
    own.request_id = call.request_id;
    own.span = call.span;
    GenerationRequest copy = request;
    copy.model = model;
    Spawn(Mirror(std::move(own), std::move(copy)), [this] { --num_mirrored_; });
  }
}

Task<void> Route::Mirror(Call call, GenerationRequest request) {
  const Clock::TimePoint began = around_.loop.Now();
  const int32_t num_choices = request.options.request.n;
  const std::string model = request.model;
  Result<Generation> generation = co_await around_.models.language->Generate(call, std::move(request));
  if (!generation.ok()) {
    Report(call, model, began, &generation.error(), true);
    co_return;
  }
  const Result<Gathered> gathered = co_await Gather(std::move(*generation), num_choices);
  Report(call, model, began, gathered.ok() ? nullptr : &gathered.error(), true);
}

// --- questions about a model ---

Task<Result<Generation>> Route::Prepare(Call call, GenerationRequest request) {
  request.model = targets_.front().name;
  return around_.models.language->Prepare(std::move(call), std::move(request));
}
Task<Result<ModelDetails>> Route::Describe(Call call, std::string /*model*/) {
  return around_.models.language->Describe(std::move(call), targets_.front().name);
}
Task<Result<EmbedderDetails>> Route::DescribeEmbedder(Call call, std::string /*model*/) {
  return around_.models.embedder->DescribeEmbedder(std::move(call), targets_.front().name);
}
Task<Result<std::vector<TokenText>>> Route::Spell(Call call, std::string /*model*/, std::vector<int32_t> tokens) {
  return around_.models.language->Spell(std::move(call), targets_.front().name, std::move(tokens));
}

}  // namespace atelier
