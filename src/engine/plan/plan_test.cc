#include "engine/plan/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "engine/plan/build_steps.h"
#include "engine/plan/fuse.h"
#include "engine/plan/place.h"
#include "engine/plan/plan_for_test.h"

namespace atelier {
namespace {

constexpr uint32_t kSeed = 77;
constexpr int64_t kPositions = 90;

std::vector<int32_t> RandomTokens(int64_t n, uint32_t seed) {
  std::mt19937 random(kSeed + seed);
  std::vector<int32_t> tokens(static_cast<size_t>(n));
  for (int32_t& token : tokens) token = static_cast<int32_t>(random() % 101);
  return tokens;
}

// Some sequences' parts as a batch.
struct Batch {
  std::vector<int32_t> token, position, sequence, output;
  int32_t num_sequences = 0;

  void Add(const std::vector<int32_t>& tokens, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      output.push_back(static_cast<int32_t>(token.size()));
      token.push_back(tokens[static_cast<size_t>(i)]);
      position.push_back(static_cast<int32_t>(i));
      sequence.push_back(num_sequences);
    }
    ++num_sequences;
  }
  Rows rows() const {
    return {.token = token,
            .position = position,
            .sequence = sequence,
            .adapter = {},
            .token_type = {},
            .output = output,
            .num_sequences = num_sequences};
  }
};

// A plan with a cache for 4 sequences whose blocks lie scattered.
class Rig {
 public:
  Rig(const Graph& graph, const std::string& format, PlanOptions options, int num_threads = 1)
      : weights_(format), gang_(num_threads) {
    options.max_threads = num_threads;
    options.max_outputs = options.max_rows;
    auto plan = Plan::Create(graph, weights_, options);
    CHECK_MSG(plan.ok(), plan.ok() ? "" : plan.error().Message());
    plan_ = std::move(*plan);
    const int32_t num_blocks = 4 * (kPositions / 16 + 1);
    std::vector<int32_t> ids(static_cast<size_t>(num_blocks));
    std::iota(ids.begin(), ids.end(), 0);
    std::shuffle(ids.begin(), ids.end(), std::mt19937(kSeed));
    for (int s = 0; s < 4; ++s)
      tables_.emplace_back(ids.begin() + s * num_blocks / 4, ids.begin() + (s + 1) * num_blocks / 4);
    memory_.assign(static_cast<size_t>(num_blocks * plan_->block_bytes()),
                   std::byte{0xff});  // halves of 0xffff are NaN
  }

  // cache_of[s] is the cache of the batch's sequence s.
  std::vector<float> Run(const Batch& batch, std::vector<int> cache_of) {
    auto result = TryRun(batch, std::move(cache_of));
    CHECK_MSG(result.ok(), result.ok() ? "" : result.error().Message());
    return {result->values.begin(), result->values.end()};
  }
  Result<PlanOutputs> TryRun(const Batch& batch, std::vector<int> cache_of) {
    std::vector<std::span<const int32_t>> tables;
    for (const int s : cache_of) tables.emplace_back(tables_[static_cast<size_t>(s)]);
    return plan_->Run(batch.rows(), {.base = memory_.data(), .block_bytes = plan_->block_bytes(), .tables = tables},
                      gang_);
  }
  // A whole sequence in one run.
  std::vector<float> RunWhole(const std::vector<int32_t>& tokens) {
    Batch batch;
    batch.Add(tokens, 0, static_cast<int64_t>(tokens.size()));
    return Run(batch, {0});
  }
  Plan& plan() { return *plan_; }
  RandomWeights& weights() { return weights_; }

 private:
  RandomWeights weights_;
  Gang gang_;
  std::unique_ptr<Plan> plan_;
  std::vector<std::vector<int32_t>> tables_;
  std::vector<std::byte> memory_;
};

std::vector<float> RunPlain(const Graph& graph, const std::string& format, const Batch& batch) {
  RandomWeights weights(format);
  auto plain = Plain::Create(graph, [&](const WeightRef& ref) { return weights.Floats(ref); });
  CHECK(plain.ok());
  std::vector<PlainCache> caches(static_cast<size_t>(batch.num_sequences));
  std::vector<PlainCache*> pointers;
  for (PlainCache& cache : caches) pointers.push_back(&cache);
  auto result = (*plain)->Run(batch.rows(), pointers);
  CHECK_MSG(result.ok(), result.ok() ? "" : result.error().Message());
  return result->values;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Root of the mean squared difference, over the standard deviation of `want`.
double RelativeError(const std::vector<float>& got, const std::vector<float>& want) {
  CHECK(got.size() == want.size());
  double mean = 0;
  for (const float x : want) mean += x / static_cast<double>(want.size());
  double variance = 0;
  double error = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    variance += (want[i] - mean) * (want[i] - mean);
    error += std::pow(double{got[i]} - want[i], 2);
  }
  return std::sqrt(error / variance);
}

// Shapes that take different ways: heads that are and are not whole groups of 32, norms of heads, biases.
std::vector<TinyDecoder> Decoders() {
  return {{},
          {.heads = 3, .kv_heads = 1, .head_dim = 32, .rope = RopeStyle::kHalves, .head_norm = true},
          {.heads = 4, .kv_heads = 4, .head_dim = 24, .rope = RopeStyle::kHalves, .qkv_bias = true}};
}

const char* const kFormats[] = {"F32", "Q8_0", "Q4_0", "Q4_1"};

TEST(Plan, EqualsPlainInF32) {
  for (const TinyDecoder& decoder : Decoders()) {
    const Graph graph = MakeDecoder(decoder);
    Rig rig(graph, "F32", {.max_rows = 128, .cache_type = CacheType::kF32, .isa = BestIsa()});
    Batch batch;
    batch.Add(RandomTokens(kPositions, 1), 0, kPositions);
    EXPECT_LE(RelativeError(rig.Run(batch, {0}), RunPlain(graph, "F32", batch)), 1e-5);
  }
}

TEST(Plan, StaysNearPlainWithIntegerPanelsAndSmallCaches) {
  for (const char* format : {"Q8_0", "Q4_0", "Q4_1"}) {
    for (const CacheType cache : {CacheType::kF16, CacheType::kQ8_0}) {
      const Graph graph = MakeDecoder({});
      Rig rig(graph, format, {.max_rows = 128, .cache_type = cache, .isa = BestIsa()});
      Batch batch;
      batch.Add(RandomTokens(kPositions, 1), 0, kPositions);
      EXPECT_LE(RelativeError(rig.Run(batch, {0}), RunPlain(graph, format, batch)), 0.05) << format;
    }
  }
}

// One term of int8 leaves a 127th; where that counts most, for the values of attention and the logits, a second one
// takes up what the first lost.
TEST(Plan, ASecondTermOfActivationsBringsLogitsNearerToPlain) {
  for (const char* format : {"Q8_0", "Q4_0", "Q4_1"}) {
    const Graph graph = MakeDecoder({});
    Batch batch;
    batch.Add(RandomTokens(kPositions, 1), 0, kPositions);
    const std::vector<float> want = RunPlain(graph, format, batch);
    double error[2];
    for (const bool two_terms : {false, true}) {
      PlanOptions options{.max_rows = 128, .cache_type = CacheType::kF32, .isa = BestIsa()};
      options.two_terms = two_terms;
      Rig rig(graph, format, options);
      error[two_terms ? 1 : 0] = RelativeError(rig.Run(batch, {0}), want);
    }
    EXPECT_LE(error[1], 0.93 * error[0]) << format << ": " << error[1] << " beside " << error[0];
  }
}

TEST(Plan, EncodersEqualPlain) {
  for (const bool scores : {false, true}) {
    const Graph graph = MakeEncoder(scores);
    for (const bool fuse : {false, true}) {
      Rig rig(graph, "F32", {.max_rows = 128, .isa = BestIsa(), .fuse = fuse}, 2);
      Batch batch;
      batch.Add(RandomTokens(37, 1), 0, 37);
      batch.Add(RandomTokens(1, 2), 0, 1);
      batch.Add(RandomTokens(50, 3), 0, 50);
      const std::vector<float> want = RunPlain(graph, "F32", batch);
      const std::vector<float> got = rig.Run(batch, {});
      ASSERT_EQ(got.size(), want.size());
      EXPECT_LE(RelativeError(got, want), 1e-5);
    }
  }
}

TEST(Plan, EncodedVectorDependsOnItsSequenceAlone) {
  const Graph graph = MakeEncoder(false);
  Rig rig(graph, "Q8_0", {.max_rows = 128, .isa = BestIsa()}, 2);
  Batch batch;
  batch.Add(RandomTokens(37, 1), 0, 37);
  batch.Add(RandomTokens(5, 2), 0, 5);
  const std::vector<float> both = rig.Run(batch, {});
  Batch alone;
  alone.Add(RandomTokens(5, 2), 0, 5);
  EXPECT_TRUE(SameBits(rig.Run(alone, {}), std::vector<float>(both.begin() + 64, both.end())));
}

TEST(Plan, EveryFusingRuleKeepsTheBits) {
  for (const char* format : kFormats) {
    for (const TinyDecoder& decoder : Decoders()) {
      const Graph graph = MakeDecoder(decoder);
      const std::vector<int32_t> tokens = RandomTokens(kPositions, 2);
      Rig unfused(graph, format, {.max_rows = 128, .isa = BestIsa(), .fuse = false});
      const std::vector<float> want = unfused.RunWhole(tokens);
      for (size_t num_rules = 1; num_rules <= FuseRules().size(); ++num_rules) {
        Rig fused(graph, format, {.max_rows = 128, .isa = BestIsa(), .num_fuse_rules = num_rules}, 2);
        EXPECT_TRUE(SameBits(fused.RunWhole(tokens), want)) << format << " up to " << FuseRules()[num_rules - 1].name;
      }
    }
  }
}

TEST(Plan, FusingLeavesFiveStepsALayer) {
  RandomWeights weights("Q4_0");
  auto program = BuildSteps(MakeDecoder({.layers = 4}), weights);
  ASSERT_TRUE(program.ok());
  Fuse(*program, FuseRules().size());
  EXPECT_EQ(program->steps.size(), 4 * 5 + 1U) << ToText(*program);
}

TEST(Plan, EveryInstructionSetGivesTheSameBits) {
  for (const char* format : kFormats) {
    for (const CacheType cache : {CacheType::kF16, CacheType::kQ8_0}) {
      const Graph graph = MakeDecoder({});
      const std::vector<int32_t> tokens = RandomTokens(40, 3);
      const std::vector<float> want = Rig(graph, format, {.max_rows = 64, .cache_type = cache}).RunWhole(tokens);
      for (const Isa isa : kFastIsas) {
        if (!Supports(isa)) continue;
        Rig rig(graph, format, {.max_rows = 64, .cache_type = cache, .isa = isa});
        EXPECT_TRUE(SameBits(rig.RunWhole(tokens), want)) << format << " " << IsaName(isa);
      }
    }
  }
}

TEST(Plan, SlicesNeighboursAndThreadsDoNotChangeABit) {
  const Graph graph = MakeDecoder({.heads = 6, .kv_heads = 2, .head_dim = 32});
  for (const char* format : kFormats) {
    const std::vector<int32_t> tokens = RandomTokens(kPositions, 4);
    const std::vector<float> want = Rig(graph, format, {.max_rows = 128, .isa = BestIsa()}).RunWhole(tokens);
    for (const int num_threads : {1, 2, 3}) {
      std::mt19937 random(kSeed);
      Rig rig(graph, format, {.max_rows = 128, .isa = BestIsa()}, num_threads);
      std::vector<float> got;
      int64_t other = 0;
      for (int64_t begin = 0; begin < kPositions;) {  // with a neighbour on either side, whose parts are as uneven
        const int64_t end = std::min<int64_t>(kPositions, begin + 1 + random() % 20);
        const int64_t other_end = std::min<int64_t>(kPositions, other + random() % 12);
        Batch batch;
        if (other < other_end) batch.Add(RandomTokens(kPositions, 5), other, other_end);
        const int64_t first = static_cast<int64_t>(batch.token.size());
        batch.Add(tokens, begin, end);
        std::vector<int> caches = {2, 0};
        if (other == other_end) caches = {0};
        const std::vector<float> logits = rig.Run(batch, caches);
        got.insert(got.end(), logits.begin() + first * 101, logits.begin() + (first + end - begin) * 101);
        begin = end;
        other = other_end;
      }
      EXPECT_TRUE(SameBits(got, want)) << format << " threads " << num_threads << " seed " << kSeed;
    }
  }
}

TEST(Plan, LogitsAreThoseOfTheWantedRows) {
  const Graph graph = MakeDecoder({});
  for (const char* format : kFormats) {
    Rig rig(graph, format, {.max_rows = 128, .isa = BestIsa()}, 2);
    Batch batch;
    batch.Add(RandomTokens(30, 6), 0, 30);
    const std::vector<float> all = rig.Run(batch, {0});
    batch.output = {3, 17, 29};
    const std::vector<float> some = rig.Run(batch, {0});
    ASSERT_EQ(some.size(), 3 * 101U);
    for (size_t i = 0; i < 3; ++i) {
      const auto row = static_cast<size_t>(batch.output[i]);
      EXPECT_EQ(std::memcmp(&some[i * 101], &all[row * 101], 101 * sizeof(float)), 0) << format;
    }
    batch.output.clear();
    EXPECT_TRUE(rig.Run(batch, {0}).empty());
  }
}

TEST(Plan, ValuesThatLiveTogetherDoNotOverlap) {
  RandomWeights weights("Q4_0");
  auto program = BuildSteps(MakeDecoder({.layers = 3}), weights);
  ASSERT_TRUE(program.ok());
  Fuse(*program, FuseRules().size());
  const Placement placement = Place(*program, {.tokens = 64, .outputs = 8, .sequences = 4});
  int64_t sum = 0;
  for (const PlanValue& value : program->values) {
    EXPECT_LE(value.offset, placement.arena_bytes);
    sum += value.quantized ? 0 : value.cols * 64 * 4;
  }
  EXPECT_LT(placement.arena_bytes, sum / 3);
}

TEST(Plan, ProfileCountsBytesAndOps) {
  const Graph graph = MakeDecoder({});
  Rig rig(graph, "Q8_0", {.max_rows = 64, .isa = BestIsa()});
  rig.plan().SetProfiling(true);
  rig.RunWhole(RandomTokens(10, 1));
  rig.plan().SetProfiling(false);
  rig.RunWhole(RandomTokens(10, 1));
  int64_t ops = 0;
  for (const StepProfile& step : rig.plan().profile()) {
    EXPECT_EQ(step.num_runs, 1) << step.name;
    EXPECT_GT(step.seconds, 0) << step.name;
    ops += step.ops_per_row;
  }
  EXPECT_EQ(ops, 2 * (2 * (64 * 64 * 2 + 64 * 32 * 2 + 3 * 64 * 96) + 64 * 101));
}

TEST(Plan, RefusesBatchesThatItCannotRun) {
  const Graph graph = MakeDecoder({});
  Rig rig(graph, "Q8_0", {.max_rows = 64, .isa = BestIsa()});
  const auto error = [&](const Batch& batch, std::vector<int> caches) {
    auto result = rig.TryRun(batch, std::move(caches));
    return result.ok() ? std::string("ok") : result.error().Message();
  };
  Batch batch;
  batch.Add(RandomTokens(65, 1), 0, 65);
  EXPECT_EQ(error(batch, {0}), "rows: got 65, want at most 64");
  batch = {};
  batch.Add({7, 101}, 0, 2);
  EXPECT_EQ(error(batch, {0}), "rows.token[1]: got 101, want 0 to 100");
  batch = {};
  batch.Add({7, 8}, 0, 2);
  batch.position = {95, 96};
  EXPECT_EQ(error(batch, {0}), "cache.tables[0]: got 6 blocks, want one for position 96");
  EXPECT_EQ(error(batch, {}), "cache.tables: got 0, want 1");
  batch.position = {4, 6};
  EXPECT_EQ(error(batch, {0}), "rows.position[1]: got 6, want 5");
  Rig encoder(MakeEncoder(false), "F32", {.max_rows = 64, .isa = BestIsa()});
  batch.position = {4, 5};
  EXPECT_FALSE(encoder.TryRun(batch, {}).ok());
}

TEST(Plan, NamesTheWeightThatIsMissing) {
  class NoWeights final : public PlanWeights {
    Result<PackedMatrix> Panels(const WeightRef&) override { return Error::NotFound("", "got no such weight"); }
    Result<TableView> Table(const WeightRef&) override { return Error::NotFound("", "got no such weight"); }
    Result<std::vector<float>> Floats(const WeightRef&) override { return Error::NotFound("", "got no such weight"); }
  } weights;
  auto plan = Plan::Create(MakeDecoder({}), weights, {});
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().Message(), "embed: got no such weight");
}

}  // namespace
}  // namespace atelier
