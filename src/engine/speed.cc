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

class CountingSink final : public Sink {
 public:
  void OnDelta(const Delta& delta) override { num_tokens += static_cast<int64_t>(delta.tokens.size()); }
  void OnFinish(const Finished& end) override {
    finished = true;
    if (end.error != nullptr) error = *end.error;
  }

  int64_t num_tokens = 0;
  bool finished = false;
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

  // Tokens a second while all streams generate: from when the last has its first token until the first has its last.
  Result<double> Decode(int32_t streams, int64_t prompt, const std::shared_ptr<const Grammar>& grammar = nullptr) {
    TRY(const auto sinks, Start(streams, prompt, options_.decode, grammar));
    StepWhile([&] {
      return std::any_of(sinks.begin(), sinks.end(),
                         [](const auto& sink) { return sink->num_tokens == 0 && !sink->finished; });
    });
    const int64_t num_before = NumTokens(sinks);
    const auto begin = SteadyClock::now();
    StepWhile(
        [&] { return std::none_of(sinks.begin(), sinks.end(), [](const auto& sink) { return sink->finished; }); });
    const double seconds = Seconds(SteadyClock::now() - begin);
    const int64_t num_tokens = NumTokens(sinks) - num_before;
    StepToTheEnd();
    TRY_VOID(Check(sinks));
    if (num_tokens == 0) {
      return Error::Invalid("decode", "got " + std::to_string(options_.decode) + " tokens, want more: some of " +
                                          std::to_string(streams) + " streams end before the last one begins");
    }
    return static_cast<double>(num_tokens) / seconds;
  }

 private:
  using Sinks = std::vector<std::shared_ptr<CountingSink>>;

  template <class Condition>
  void StepWhile(Condition condition) {
    while (condition() && model_.engine().Step()) {
    }
  }
  void StepToTheEnd() {
    StepWhile([] { return true; });
  }

  static int64_t NumTokens(const Sinks& sinks) {
    int64_t num_tokens = 0;
    for (const auto& sink : sinks) num_tokens += sink->num_tokens;
    return num_tokens;
  }

  // Prompts that no earlier one shares a block with.
  Result<Sinks> Start(int32_t streams, int64_t prompt, int64_t max_tokens,
                      const std::shared_ptr<const Grammar>& grammar = nullptr) {
    Sinks sinks;
    for (int32_t stream = 0; stream < streams; ++stream) {
      GenerateRequest request;
      ++num_requests_;
      for (int64_t i = 0; i < prompt; ++i) {
        request.prompt.push_back(static_cast<int32_t>((i * 37 + num_requests_ * 101) % model_.shape().num_tokens));
      }
      request.max_tokens = max_tokens;
      request.grammar = grammar;
      request.ignore_eos = grammar == nullptr;
      request.read_prefix_cache = false;
      request.sampling.temperature = 0;
      sinks.push_back(std::make_shared<CountingSink>());
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

Result<void> CheckGenerates(const LocalModel& model) {
  if (model.shape().vector_size == 0) return {};
  return Error::Unsupported(model.name(), "got an encoder, want a model that generates");
}

}  // namespace

Result<SpeedReport> MeasureSpeed(LocalModel& model, const SpeedOptions& options) {
  CHECK(options.repetitions > 0 && options.prefill > 0 && options.decode > 1);
  TRY_VOID(CheckGenerates(model));
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

Result<std::vector<GrammarCost>> MeasureGrammarCost(LocalModel& model, const SpeedOptions& options,
                                                    std::shared_ptr<const Grammar> grammar,
                                                    const std::vector<int32_t>& streams) {
  TRY_VOID(CheckGenerates(model));
  Measurement measurement(model, options);
  std::vector<GrammarCost> costs;
  for (const int32_t num : streams) {
    std::vector<double> free, constrained, shares;
    for (int32_t round = 0; round <= options.repetitions; ++round) {
      TRY(const double without, measurement.Decode(num, options.stream_prompt));
      TRY(const double with, measurement.Decode(num, options.stream_prompt, grammar));
      if (round == 0) continue;  // it loads what is loaded on first use
      free.push_back(without);
      constrained.push_back(with);
      shares.push_back(1 - with / without);
    }
    costs.push_back({num, Median(free), Median(constrained), Median(shares)});
  }
  return costs;
}

}  // namespace atelier
