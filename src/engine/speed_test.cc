#include "engine/speed.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "compute/kernel/gang.h"
#include "compute/kernel/machine_limits.h"

namespace atelier {
namespace {

TEST(Speed, OfARealModelIsMeasuredStepByStep) {
  const char* home = std::getenv("ATELIER_HOME");
  const char* user = std::getenv("HOME");
  const std::string root = home != nullptr ? home : std::string(user != nullptr ? user : "") + "/.atelier";
  const std::string path = root + "/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no model at " << path << "; `atelier models pull` gets it";
  Gang gang(2);
  LocalModelOptions options{.name = "smol", .path = path};
  auto model = LoadLocalModel(options, {.gang = &gang, .clock = &Clock::Real()});
  ASSERT_TRUE(model.ok()) << model.error().Message();
  const SpeedOptions wanted{.prefill = 32, .decode = 8, .streams = 3, .stream_prompt = 20, .repetitions = 2};
  const auto report = MeasureSpeed(**model, wanted);
  ASSERT_TRUE(report.ok()) << report.error().Message();
  for (const PhaseSpeed* phase : {&report->prefill, &report->decode, &report->streams}) {
    EXPECT_GT(phase->tokens_per_s, 0);
    EXPECT_EQ(phase->samples.size(), 2U);
    int64_t weight_bytes = 0;
    for (const StepProfile& step : phase->steps) weight_bytes += step.weight_bytes;
    EXPECT_GT(weight_bytes, 90'000'000) << "every weight is read by some step";
  }
  EXPECT_EQ((*model)->engine().stats().num_blocks_held, 0);
}

TEST(MachineLimits, AreFoundForEveryVersionOfTheKernels) {
  Gang gang(2);
  for (const Isa isa : {Isa::kPlain, Isa::kAvx2, Isa::kAvx512}) {
    if (!Supports(isa)) continue;
    const MachineLimits limits = MeasureMachine(isa, gang);
    EXPECT_GT(limits.int8_gops, 0) << IsaName(isa);
    EXPECT_GT(limits.read_gb_s, 0) << IsaName(isa);
  }
}

}  // namespace
}  // namespace atelier
