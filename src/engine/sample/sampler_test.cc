#include "engine/sample/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

#include "base/random.h"
#include "engine/sample/candidates.h"
#include "engine/sample/portable_math.h"

namespace atelier {
namespace {

using Distribution = std::map<int32_t, double>;
constexpr float kNever = -std::numeric_limits<float>::infinity();

std::vector<float> LogitsOf(const std::vector<double>& probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)) + 3.0F);
  return logits;
}

SamplerContext Context(size_t num_tokens, int64_t prompt_size = 0) {
  SamplerContext context;
  context.num_tokens = static_cast<int32_t>(num_tokens);
  context.prompt_size = prompt_size;
  return context;
}

// What a fresh sampler draws at kDraws positions. Stages here look at no history, so that it may be all zeros.
constexpr int kDraws = 20000;
Distribution Drawn(const SamplingParams& params, const std::vector<float>& logits) {
  Sampler sampler(params, Context(logits.size()));
  std::vector<int32_t> tokens;
  Distribution drawn;
  for (int i = 0; i < kDraws; ++i) {
    std::vector<float> scratch = logits;
    drawn[sampler.Pick(scratch, tokens)] += 1.0 / kDraws;
    tokens.push_back(0);
  }
  return drawn;
}

// Nothing outside `expected` is ever drawn, and each of it within five standard deviations of its share.
void ExpectDistribution(const Distribution& drawn, Distribution expected) {
  double total = 0;
  for (const auto& [token, p] : expected) total += p;
  for (auto& [token, p] : expected) p /= total;
  for (const auto& [token, p] : drawn) EXPECT_TRUE(expected.contains(token)) << "drew token " << token;
  for (const auto& [token, p] : expected) {
    const auto it = drawn.find(token);
    EXPECT_NEAR(it == drawn.end() ? 0.0 : it->second, p, 5 * std::sqrt(p * (1 - p) / kDraws) + 1e-4)
        << "token " << token;
  }
}

SamplingParams Seeded() {
  SamplingParams params;
  params.seed = 4711;
  return params;
}

const std::vector<double> kKnown = {0.05, 0.4, 0.02, 0.2, 0.01, 0.1, 0.15, 0.04, 0.03};

Distribution Known(std::initializer_list<int32_t> tokens, double exponent = 1) {
  Distribution result;
  for (const int32_t token : tokens) result[token] = std::pow(kKnown[static_cast<size_t>(token)], exponent);
  return result;
}

TEST(Sampler, DefaultsDrawFromTheModelsOwnDistribution) {
  ExpectDistribution(Drawn(Seeded(), LogitsOf(kKnown)), Known({0, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(Sampler, TemperatureRaisesProbabilitiesToItsInverse) {
  SamplingParams params = Seeded();
  params.temperature = 0.5F;
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), Known({0, 1, 2, 3, 4, 5, 6, 7, 8}, 2));
  params.temperature = 2.0F;
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), Known({0, 1, 2, 3, 4, 5, 6, 7, 8}, 0.5));
}

TEST(Sampler, GreedyTakesTheLargestAndAmongEqualsTheSmallestId) {
  SamplingParams params = Seeded();
  params.temperature = 0;
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), Known({1}));
  std::vector<float> equal(1000, 1.0F);
  equal[513] = equal[700] = 2.0F;
  Sampler sampler(params, Context(1000));
  EXPECT_EQ(sampler.Pick(equal, {}), 513);
}

TEST(Sampler, TopKKeepsTheKLikeliest) {
  SamplingParams params = Seeded();
  params.top_k = 3;
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), Known({1, 3, 6}));
  params.top_k = 100;
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), Known({0, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(Sampler, TopPKeepsTheSmallestSetThatReachesP) {
  SamplingParams params = Seeded();
  params.top_p = 0.7F;  // 0.4 + 0.2 = 0.6, with 0.15 it is reached
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), Known({1, 3, 6}));
  params.top_p = 0.05F;
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), Known({1}));
}

TEST(Sampler, MinPKeepsWhatIsThatLikelyBesideTheLikeliest) {
  SamplingParams params = Seeded();
  params.min_p = 0.24F;  // of 0.4: at least 0.096
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), Known({1, 3, 5, 6}));
}

TEST(Sampler, MinPLooksAtProbabilitiesAfterTemperature) {
  SamplingParams params = Seeded();
  params.temperature = 0.5F;
  params.min_p = 0.24F;  // squares: 0.16, so at least 0.0384: 0.2 passes, 0.15 does not
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), Known({1, 3}, 2));
}

TEST(Sampler, TypicalKeepsSurprisesNearestToTheEntropy) {
  std::vector<double> distance;
  double entropy = 0;
  for (const double p : kKnown) entropy -= p * std::log(p);
  std::vector<int32_t> order(kKnown.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {},
                    [&](int32_t t) { return std::abs(-std::log(kKnown[static_cast<size_t>(t)]) - entropy); });
  Distribution expected;
  double sum = 0;
  for (size_t i = 0; sum < 0.4; ++i) {
    expected[order[i]] = kKnown[static_cast<size_t>(order[i])];
    sum += kKnown[static_cast<size_t>(order[i])];
  }
  ASSERT_FALSE(expected.contains(1)) << "the likeliest is not typical here";
  SamplingParams params = Seeded();
  params.typical_p = 0.4F;
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), expected);
}

TEST(Sampler, TopNSigmaKeepsLogitsWithinNStandardDeviations) {
  const std::vector<float> logits = {10, 9, 8, 0, 0, 0, 0, 0, kNever};  // mean 27/8; of the finite: 4.38
  double mean = 27.0 / 8;
  double variance = 0;
  for (int i = 0; i < 8; ++i)
    variance += (logits[static_cast<size_t>(i)] - mean) * (logits[static_cast<size_t>(i)] - mean) / 8;
  SamplingParams params = Seeded();
  params.top_n_sigma = static_cast<float>(1.5 / std::sqrt(variance));  // down to 8.5
  ExpectDistribution(Drawn(params, logits), {{0, std::exp(10)}, {1, std::exp(9)}});
}

TEST(Sampler, XtcLeavesOnlyTheLeastLikelyOfTheTopChoices) {
  SamplingParams params = Seeded();
  params.xtc_probability = 1;
  params.xtc_threshold = 0.12F;  // 0.4, 0.2, 0.15 are top choices
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), Known({0, 2, 4, 5, 6, 7, 8}));
  params.xtc_threshold = 0.3F;  // one alone is never excluded
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), Known({0, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(Sampler, XtcHappensAsOftenAsItsProbabilitySays) {
  SamplingParams params = Seeded();
  params.xtc_probability = 0.25F;
  params.xtc_threshold = 0.12F;
  Distribution expected;
  const double kept = 1 - 0.4 - 0.2;
  for (int32_t t = 0; t < 9; ++t) {
    const double p = kKnown[static_cast<size_t>(t)];
    expected[t] = 0.75 * p + (t == 1 || t == 3 ? 0 : 0.25 * p / kept);
  }
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), expected);
}

TEST(Sampler, TruncatingSamplersWorkInTheDocumentedOrder) {
  SamplingParams params = Seeded();
  params.top_k = 3;     // 0.4 0.2 0.15: of these
  params.top_p = 0.7F;  // 0.4/0.75 + 0.2/0.75 = 0.8 reaches it
  ExpectDistribution(Drawn(params, LogitsOf(kKnown)), Known({1, 3}));
}

TEST(Sampler, MirostatBringsTheMeanSurpriseToTau) {
  Random random(5);
  std::vector<float> logits(2000);
  for (float& logit : logits) logit = static_cast<float>(random.Normal() * 2);
  std::vector<double> p(logits.size());
  double total = 0;
  for (size_t i = 0; i < p.size(); ++i) total += p[i] = std::exp(logits[i]);
  SamplingParams params = Seeded();
  params.mirostat = 2;
  params.mirostat_tau = 4;
  // Follows the definition: cut at mu, renormalise, draw, move mu by the surprise of what the sampler drew.
  Sampler sampler(params, Context(logits.size()));
  std::vector<int32_t> tokens;
  double mu = 8;
  double mean = 0;
  for (int i = 0; i < 3000; ++i) {
    double kept = 0;
    for (const double weight : p) kept += -std::log2(weight / total) <= mu ? weight : 0;
    std::vector<float> scratch = logits;
    const int32_t token = sampler.Pick(scratch, tokens);
    tokens.push_back(token);
    const double weight = p[static_cast<size_t>(token)];
    ASSERT_LE(-std::log2(weight / total), mu + 1e-3);
    const double surprise = -std::log2(weight / kept);
    mu -= 0.1 * (surprise - 4);
    if (i >= 1000) mean += surprise / 2000;
  }
  EXPECT_NEAR(mean, 4, 0.2);
}

// Logits that `make`'s chain gives: read back through greedy by comparing with a marker token.
std::vector<float> Changed(SamplingParams params, SamplerContext context, std::vector<float> logits,
                           std::vector<int32_t> tokens) {
  params.temperature = 0;
  Sampler sampler(params, context);
  sampler.Pick(logits, tokens);
  return logits;
}

TEST(Sampler, RepetitionPenaltyDividesPositiveAndMultipliesOtherLogitsOfAllTokensSeen) {
  SamplingParams params;
  params.repetition_penalty = 2;
  EXPECT_EQ(Changed(params, Context(4, 1), {1, -1, 3, 4}, {1, 2, 2}), (std::vector<float>{1, -2, 1.5, 4}));
}

TEST(Sampler, PresenceAndFrequencyCountTheOutputAlone) {
  SamplingParams params;
  params.presence_penalty = 0.5F;
  params.frequency_penalty = 0.25F;
  EXPECT_EQ(Changed(params, Context(4, 2), {1, 1, 1, 1}, {0, 1, 1, 2, 2}), (std::vector<float>{1, 0.25F, 0, 1}));
}

TEST(Sampler, PenaltiesForgetWhatLiesFurtherBackThanLastN) {
  SamplingParams params;
  params.temperature = 0;
  params.frequency_penalty = 1;
  params.repetition_penalty = 2;
  params.penalty_last_n = 3;
  Sampler sampler(params, Context(3, 1));
  std::vector<int32_t> tokens = {0, 0, 1, 0, 2, 2, 1, 1, 1};
  for (size_t n = 1; n <= tokens.size(); ++n) {  // one sampler over a growing text, compared with counting anew
    std::vector<float> logits = {8, 8, 8};
    sampler.Pick(logits, std::span(tokens).first(n));
    for (int32_t t = 0; t < 3; ++t) {
      int all = 0;
      int output = 0;
      for (size_t i = n > 3 ? n - 3 : 0; i < n; ++i) {
        all += tokens[i] == t ? 1 : 0;
        output += tokens[i] == t && i >= 1 ? 1 : 0;
      }
      EXPECT_EQ(logits[static_cast<size_t>(t)], (all > 0 ? 4.0F : 8.0F) - static_cast<float>(output)) << n << " " << t;
    }
  }
}

TEST(Sampler, LogitBiasIsAddedAndOnlyAllowedTokensStay) {
  SamplingParams params;
  params.logit_bias = {{1, 5.0F}, {3, -100.0F}};
  EXPECT_EQ(Changed(params, Context(4), {0, 0, 1, 2}, {}), (std::vector<float>{0, 5, 1, -98}));
  params.allowed_token_ids = {2, 3};
  EXPECT_EQ(Changed(params, Context(4), {0, 0, 1, 2}, {}), (std::vector<float>{kNever, kNever, 1, -98}));
}

TEST(Sampler, BadWordsCannotBeCompleted) {
  SamplingParams params;
  params.bad_words = {{3}, {1, 2}, {0, 0, 1}};
  EXPECT_EQ(Changed(params, Context(4), {0, 0, 0, 0}, {1}), (std::vector<float>{0, 0, kNever, kNever}));
  EXPECT_EQ(Changed(params, Context(4), {0, 0, 0, 0}, {0, 0}), (std::vector<float>{0, kNever, 0, kNever}));
  EXPECT_EQ(Changed(params, Context(4), {0, 0, 0, 0}, {}), (std::vector<float>{0, 0, 0, kNever}));
}

TEST(Sampler, EndingTokensHaveNoChanceBeforeMinTokens) {
  SamplingParams params;
  SamplerContext context = Context(3, 2);
  context.min_tokens = 2;
  context.ending_ids = {1};
  EXPECT_EQ(Changed(params, context, {0, 9, 0}, {0, 0, 0}), (std::vector<float>{0, kNever, 0}));
  EXPECT_EQ(Changed(params, context, {0, 9, 0}, {0, 0, 0, 0}), (std::vector<float>{0, 9, 0}));
}

// DRY by its definition, in cubic time.
std::vector<float> DryByDefinition(const SamplingParams& p, std::span<const int32_t> t, int32_t breaker, size_t num) {
  std::vector<float> change(num, 0.0F);
  for (int32_t next = 0; next < static_cast<int32_t>(num); ++next) {
    int64_t longest = 0;
    for (size_t i = 0; i + 1 < t.size(); ++i) {
      if (t[i + 1] != next || next == breaker) continue;
      int64_t n = 0;
      while (n <= static_cast<int64_t>(i) &&
             t[i - static_cast<size_t>(n)] == t[t.size() - 1 - static_cast<size_t>(n)] &&
             t[i - static_cast<size_t>(n)] != breaker) {
        ++n;
      }
      longest = std::max(longest, n);
    }
    if (longest >= std::max(p.dry_allowed_length, 1)) {
      float power = 1;
      for (int64_t e = longest - p.dry_allowed_length; e > 0; --e) power *= p.dry_base;
      change[static_cast<size_t>(next)] = -p.dry_multiplier * power;
    }
  }
  return change;
}

TEST(Sampler, DryPenalisesTheContinuationOfRepetitionsAsDefined) {
  const uint64_t seed = 31;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  int num_penalised = 0;
  for (int round = 0; round < 300; ++round) {
    SamplingParams params;
    params.dry_multiplier = 0.8F;
    params.dry_allowed_length = static_cast<int32_t>(random.Below(4));
    SamplerContext context = Context(5);
    context.dry_breaker_ids = {4};
    std::vector<int32_t> tokens(random.Below(40));
    for (int32_t& token : tokens)
      token = static_cast<int32_t>(random.Below(random.Below(4) + 1) + (random.Below(9) == 0 ? 2 : 0));
    for (int32_t& token : tokens) token = std::min(token, 4);
    const auto expected = DryByDefinition(params, tokens, 4, 5);
    EXPECT_EQ(Changed(params, context, std::vector<float>(5, 0.0F), tokens), expected) << "round " << round;
    num_penalised += std::ranges::count_if(expected, [](float x) { return x < 0; }) > 0 ? 1 : 0;
  }
  EXPECT_GT(num_penalised, 50);
}

TEST(Sampler, TheSamePositionDrawsTheSameWhateverWasDrawnBefore) {
  Random random(8);
  std::vector<float> logits(49152);
  for (float& logit : logits) logit = static_cast<float>(random.Normal() * 3);
  SamplingParams params = Seeded();
  params.top_p = 0.9F;
  Sampler first(params, Context(logits.size()));
  std::vector<int32_t> tokens;
  std::vector<int32_t> drawn;
  for (int i = 0; i < 50; ++i) {
    std::vector<float> scratch = logits;
    drawn.push_back(first.Pick(scratch, tokens));
    tokens.push_back(drawn.back());
  }
  Sampler second(params, Context(logits.size()));
  std::vector<float> scratch = logits;
  EXPECT_EQ(second.Pick(scratch, std::span(tokens).first(37)), drawn[37]);
  SamplerContext other = Context(logits.size());
  other.choice = 1;
  Sampler third(params, other);
  std::vector<int32_t> others;
  for (int i = 0; i < 50; ++i) {
    scratch = logits;
    others.push_back(third.Pick(scratch, std::span(tokens).first(static_cast<size_t>(i))));
  }
  EXPECT_NE(others, drawn);
}

TEST(Sampler, BrokenOrForbiddenLogitsGiveATokenAndNoCrash) {
  for (const float bad : {kNever, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (int mode = 0; mode < 8; ++mode) {
      SamplingParams params = Seeded();
      params.top_k = mode == 1 ? 5 : 0;
      params.top_p = mode == 2 ? 0.5F : 1;
      params.min_p = mode == 3 ? 0.5F : 0;
      params.typical_p = mode == 4 ? 0.5F : 1;
      params.top_n_sigma = mode == 5 ? 1.0F : 0;
      params.xtc_probability = mode == 6 ? 1.0F : 0;
      params.mirostat = mode == 7 ? 2 : 0;
      for (const size_t num_good : {0U, 1U, 3U}) {
        std::vector<float> logits(100, bad);
        for (size_t i = 0; i < num_good; ++i) logits[i * 7] = 1.0F;
        Sampler sampler(params, Context(100));
        const int32_t token = sampler.Pick(logits, {});
        EXPECT_GE(token, 0);
        EXPECT_LT(token, 100);
      }
    }
  }
}

TEST(Candidates, SelectionEqualsASortWhateverTheOrder) {
  Random random(77);
  for (const size_t size : {1U, 15U, 16U, 1000U, 49152U}) {
    std::vector<float> values(size);
    for (float& value : values) value = static_cast<float>(random.Below(size)) - 300;  // many equals, of both signs
    if (size == 1000) std::ranges::sort(values);
    std::vector<TokenCandidate> all;
    for (size_t i = 0; i < size; ++i) all.push_back({values[i], static_cast<int32_t>(i)});
    std::ranges::sort(all, [](const TokenCandidate& a, const TokenCandidate& b) {
      return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
    });
    for (const size_t n : {1U, 40U, 700U, 3000U, 60000U}) {
      std::vector<TokenCandidate> selected;
      SelectLargest(values, n, &selected);
      ASSERT_EQ(selected.size(), std::min(n, size));
      for (size_t i = 0; i < selected.size(); ++i) ASSERT_EQ(selected[i].token, all[i].token) << size << " " << n;
    }
  }
}

TEST(PortableMath, ExpAndLogAreCloseToTheLibrarys) {
  for (double x = -86.9; x < 10; x += 0.0137) {
    const auto f = static_cast<float>(x);
    EXPECT_NEAR(PortableExp(f) / std::exp(static_cast<double>(f)), 1, 3e-7) << x;
  }
  EXPECT_EQ(PortableExp(kNever), 0);
  for (const float low : {-100.0F, -1e9F, -3e38F, std::numeric_limits<float>::quiet_NaN()})
    EXPECT_EQ(PortableExp(low), 0);
  EXPECT_EQ(PortableExp(0), 1);
  for (double x = 1e-30; x < 1e30; x *= 1.37)
    EXPECT_NEAR(PortableLog(x), std::log(x), 1e-12 * std::abs(std::log(x)) + 1e-12) << x;
}

TEST(Logprobs, AreTheLogSoftmaxOfTheRawLogitsWithRankAndTheLikeliest) {
  const LogprobEntry entry = Logprobs(LogitsOf(kKnown), 6, 2);
  EXPECT_NEAR(entry.chosen.logprob, std::log(0.15), 1e-5);
  EXPECT_EQ(entry.rank, 3);
  ASSERT_EQ(entry.top.size(), 2U);
  EXPECT_EQ(entry.top[0].token, 1);
  EXPECT_EQ(entry.top[1].token, 3);
  EXPECT_NEAR(entry.top[1].logprob, std::log(0.2), 1e-5);
}

TEST(CheckSamplingParams, NamesTheFieldThatIsOutOfRange) {
  const auto field = [](const std::function<void(SamplingParams&)>& change) {
    SamplingParams params;
    change(params);
    const auto result = CheckSamplingParams(params, 100);
    return result.ok() ? std::string() : result.error().where;
  };
  EXPECT_EQ(field([](SamplingParams&) {}), "");
  EXPECT_EQ(field([](SamplingParams& p) { p.temperature = -1; }), "temperature");
  EXPECT_EQ(field([](SamplingParams& p) { p.temperature = std::numeric_limits<float>::quiet_NaN(); }), "temperature");
  EXPECT_EQ(field([](SamplingParams& p) { p.top_p = 0; }), "top_p");
  EXPECT_EQ(field([](SamplingParams& p) { p.top_k = -1; }), "top_k");
  EXPECT_EQ(field([](SamplingParams& p) { p.mirostat = 1; }), "mirostat");
  EXPECT_EQ(field([](SamplingParams& p) { p.logit_bias = {{100, 1.0F}}; }), "logit_bias");
  EXPECT_EQ(field([](SamplingParams& p) { p.bad_words = {{1}, {}}; }), "bad_words[1]");
  EXPECT_EQ(field([](SamplingParams& p) { p.allowed_token_ids = {-1}; }), "allowed_token_ids");
}

}  // namespace
}  // namespace atelier
