#include "engine/speed.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include "base/check.h"
#include "engine/engine.h"
#include "engine/events.h"
#include "engine/request.h"

namespace atelier {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int64_t kShortPrompt = 4;  // before a timed decode

// When each token came, for one request.
class TimingSink final : public Sink {
 public:
  void OnDelta(const Delta& delta) override {
    num_tokens += static_cast<int64_t>(delta.tokens.size());
    if (num_tokens > 0 && first == SteadyClock::time_point()) first = SteadyClock::now();
  }
  void OnFinish(const Finished& finished) override {
    if (finished.error != nullptr) error = *finished.error;
    if (first == SteadyClock::time_point()) first = SteadyClock::now();
  }

  SteadyClock::time_point first = {};
  int64_t num_tokens = 0;
  std::optional<Error> error = {};
};

double Seconds(SteadyClock::duration duration) { return std::chrono::duration<double>(duration).count(); }

class Measurement {
 public:
  Measurement(LocalModel& model, const SpeedOptions& options) : model_(model), options_(options) {}

  Result<double> Prefill() {
    TRY(const auto sinks, Start(1, options_.prefill, 1));
    const auto begin = SteadyClock::now();
    StepToTheEnd();
    const double seconds = Seconds(SteadyClock::now() - begin);
    TRY_VOID(Check(sinks));
    return static_cast<double>(options_.prefill) / seconds;
  }

  // Tokens a second from the moment when every stream has its first one.
  Result<double> Decode(int32_t streams, int64_t prompt) {
    TRY(const auto sinks, Start(streams, prompt, options_.decode));
    const auto waits = [](const auto& sink) { return sink->num_tokens == 0 && !sink->error; };
    while (std::any_of(sinks.begin(), sinks.end(), waits) && model_.engine().Step()) {
    }
    int64_t num_before = 0;
    for (const auto& sink : sinks) num_before += sink->num_tokens;
    const auto begin = SteadyClock::now();
    StepToTheEnd();
    const double seconds = Seconds(SteadyClock::now() - begin);
    TRY_VOID(Check(sinks));
    return static_cast<double>(streams * options_.decode - num_before) / seconds;
  }

 private:
  using Sinks = std::vector<std::shared_ptr<TimingSink>>;

  void StepToTheEnd() {
    while (model_.engine().Step()) {
    }
  }

  // Prompts that no earlier one shares a block with.
  Result<Sinks> Start(int32_t streams, int64_t prompt, int64_t max_tokens) {
    Sinks sinks;
    for (int32_t stream = 0; stream < streams; ++stream) {
      GenerateRequest request;
      ++num_requests_;
      for (int64_t i = 0; i < prompt; ++i) {
        request.prompt.push_back(static_cast<int32_t>((i * 37 + num_requests_ * 101) % model_.shape().num_tokens));
      }
      request.max_tokens = max_tokens;
      request.ignore_eos = true;
      request.read_prefix_cache = false;
      request.sampling.temperature = 0;
      sinks.push_back(std::make_shared<TimingSink>());
      TRY_VOID(model_.engine().Submit(std::move(request), sinks.back()));
    }
    return sinks;
  }

  static Result<void> Check(const Sinks& sinks) {
    for (const auto& sink : sinks) {
      if (sink->error) return *sink->error;
    }
    return {};
  }

  LocalModel& model_;
  const SpeedOptions& options_;
  int64_t num_requests_ = 0;
};

double Median(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const size_t half = samples.size() / 2;
  return samples.size() % 2 == 1 ? samples[half] : (samples[half - 1] + samples[half]) / 2;
}

// One untimed run, the timed ones, and one more whose steps are timed, since clocks between steps cost a little.
template <class Run>
Result<PhaseSpeed> MeasurePhase(LocalModel& model, int32_t repetitions, Run run) {
  PhaseSpeed phase;
  TRY_VOID(run());
  for (int32_t i = 0; i < repetitions; ++i) {
    TRY(const double tokens_per_s, run());
    phase.samples.push_back(tokens_per_s);
  }
  phase.tokens_per_s = Median(phase.samples);
  if (Plan* plan = model.plan(); plan != nullptr) {
    plan->SetProfiling(true);
    TRY_VOID(run());
    plan->SetProfiling(false);
    phase.steps = plan->profile();
  }
  return phase;
}

}  // namespace

Result<SpeedReport> MeasureSpeed(LocalModel& model, const SpeedOptions& options) {
  CHECK(options.repetitions > 0 && options.prefill > 0 && options.decode > 1);
  if (model.shape().vector_size > 0) {
    return Error::Unsupported(model.name(), "got an encoder, want a model that generates");
  }
  Measurement measurement(model, options);
  SpeedReport report;
  TRY(report.prefill, MeasurePhase(model, options.repetitions, [&] { return measurement.Prefill(); }));
  TRY(report.decode, MeasurePhase(model, options.repetitions, [&] { return measurement.Decode(1, kShortPrompt); }));
  if (options.streams > 0) {
    TRY(report.streams, MeasurePhase(model, options.repetitions,
                                     [&] { return measurement.Decode(options.streams, options.stream_prompt); }));
  }
  return report;
}

}  // namespace atelier
