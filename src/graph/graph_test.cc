#include "graph/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"
#include "graph/ops.h"
#include "graph/plain.h"
#include "graph/rows.h"

namespace atelier {
namespace {

// Embed, one attention layer and tied logits: small enough to look through.
Graph SmallDecoder(bool causal = true) {
  Ops ops;
  Value x = ops.Embed(EmbedIndex::kToken, "embed", 11, 8);
  ops.Tap(x, "embed");
  const RopeFrequencySet set = RopeFrequencies(100, 4, {}, {}).value();
  const Value q = ops.Rope(ops.Linear(x, {"q", ""}, 8), {RopeStyle::kHalves, 2, 4, set.inv_freq, 1});
  const Value k = ops.Rope(ops.Linear(x, {"k", ""}, 4), {RopeStyle::kHalves, 1, 4, set.inv_freq, 1});
  const Value v = ops.Linear(x, {"v", "v_bias"}, 4);
  x = ops.Add(x, ops.Attention(q, k, v, {2, 1, 4, 0.5F, causal, kNoSlot}));
  x = ops.RmsNorm(x, {"norm", ""}, 1e-5F);
  return std::move(ops).Finish(ops.Output(x, {"embed", ""}, 11)).value();
}

Result<std::vector<float>> RandomWeight(const WeightRef& ref) {
  Random random(ref.name.size() + static_cast<uint64_t>(ref.name[0]));
  std::vector<float> values(static_cast<size_t>(ref.rows * ref.cols));
  for (float& value : values) value = static_cast<float>(random.Normal());
  return values;
}

TEST(Ops, RecordsNodesWeightsSlotsAndTaps) {
  const Graph graph = SmallDecoder();
  EXPECT_EQ(graph.weights.size(), 6U);  // the table is both embedding and output
  EXPECT_THAT(graph.slots, testing::ElementsAre(CacheSlot{SlotKind::kAttention, 1, 4}));
  EXPECT_EQ(graph.taps.size(), 1U);
  EXPECT_EQ(graph.shape(graph.result), (Shape{RowKind::kOutputs, 11}));
  EXPECT_EQ(graph.node(graph.result).verb(), Verb::kOutput);
  EXPECT_THAT(graph.ToText(), testing::HasSubstr("5 Linear [T, 4] <- 0  v [4, 8]  v_bias [1, 4]\n"));
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const Value input : graph.nodes[i].inputs) EXPECT_LT(input.node, static_cast<int32_t>(i));
  }
}

TEST(Ops, EncodersClaimNoSlot) {
  const Graph graph = SmallDecoder(false);
  EXPECT_TRUE(graph.slots.empty());
}

TEST(Ops, ReportsEveryFaultAtOnce) {
  Ops ops;
  const Value x = ops.Embed(EmbedIndex::kToken, "embed", 11, 8);
  const Value y = ops.Linear(x, {"a", ""}, 6);
  ops.Add(x, y);
  ops.Split(x, 6, 4);
  ops.Linear(x, {"a", ""}, 7);  // another shape than before
  const Result<Graph> graph = std::move(ops).Finish(y);
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.error().Message(),
            "graph: node 2: Add or Mul: got [T, 8] and [T, 6], want one shape\n"
            "node 3: Split: got 4 columns from 6 on, want them inside [T, 8]\n"
            "a: got [7, 8], want [6, 8] as where it was named first");
}

struct BatchData {
  std::vector<int32_t> token, position, sequence, output;
  int32_t num_sequences = 0;

  Rows View() const { return {token, position, sequence, {}, {}, output, num_sequences}; }
  void Add(const std::vector<int32_t>& tokens, int32_t first_position) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      token.push_back(tokens[i]);
      position.push_back(first_position + static_cast<int32_t>(i));
      sequence.push_back(num_sequences);
      output.push_back(static_cast<int32_t>(token.size()) - 1);
    }
    ++num_sequences;
  }
};

TEST(Rows, ChecksItsInvariants) {
  BatchData batch;
  batch.Add({1, 2, 3}, 4);
  batch.Add({5}, 0);
  EXPECT_TRUE(batch.View().Check().ok());
  const auto message = [](const BatchData& data) { return data.View().Check().error().Message(); };
  BatchData bad = batch;
  bad.position[1] = 9;
  EXPECT_EQ(message(bad), "rows.position[1]: got 9, want 5");
  bad = batch;
  bad.sequence[3] = 2;
  EXPECT_EQ(message(bad), "rows.sequence[3]: got 2, want 1");
  bad = batch;
  bad.output = {0, 4};
  EXPECT_EQ(message(bad), "rows.output[1]: got 4, want 1 to 3");
  bad = batch;
  bad.num_sequences = 3;
  EXPECT_EQ(message(bad), "rows.num_sequences: got 3, want 2");
  bad = batch;
  bad.position.pop_back();
  EXPECT_EQ(message(bad), "rows.position: got 3 rows, want 4");
  EXPECT_EQ(message({}), "rows.token: got 0 rows, want 1 or more");
}

TEST(Plain, BatchesAndSlicesDoNotChangeABit) {
  const Graph graph = SmallDecoder();
  const auto plain = Plain::Create(graph, RandomWeight).value();
  const std::vector<int32_t> first = {1, 2, 3, 4, 5}, second = {10, 9};
  PlainCache a, b, c;
  BatchData whole, other, mixed;
  whole.Add(first, 0);
  other.Add(second, 0);
  PlainCache* whole_cache[] = {&a};
  PlainCache* other_cache[] = {&b};
  const PlainResult want = plain->Run(whole.View(), whole_cache).value();
  const PlainResult want_other = plain->Run(other.View(), other_cache).value();
  // The first three tokens alone, the rest beside the other sequence.
  BatchData slice;
  slice.Add({1, 2, 3}, 0);
  PlainCache* slice_cache[] = {&c};
  std::vector<float> got = plain->Run(slice.View(), slice_cache).value().values;
  PlainCache d;
  mixed.Add({4, 5}, 3);
  mixed.Add(second, 0);
  PlainCache* mixed_caches[] = {&c, &d};
  const PlainResult rest = plain->Run(mixed.View(), mixed_caches).value();
  got.insert(got.end(), rest.values.begin(), rest.values.end());
  std::vector<float> expected = want.values;
  expected.insert(expected.end(), want_other.values.begin(), want_other.values.end());
  EXPECT_EQ(got, expected);
  EXPECT_EQ(c.size(), 5);
}

TEST(Plain, TruncatedCacheGoesOnAsIfTheRestHadNotBeen) {
  const Graph graph = SmallDecoder();
  const auto plain = Plain::Create(graph, RandomWeight).value();
  BatchData wrong, right, whole;
  wrong.Add({1, 2, 8, 8}, 0);
  right.Add({3}, 2);
  whole.Add({1, 2, 3}, 0);
  PlainCache a, b;
  PlainCache* caches[] = {&a};
  PlainCache* whole_caches[] = {&b};
  ASSERT_TRUE(plain->Run(wrong.View(), caches).ok());
  a.Truncate(2);
  const PlainResult got = plain->Run(right.View(), caches).value();
  const PlainResult want = plain->Run(whole.View(), whole_caches).value();
  EXPECT_TRUE(std::equal(got.values.begin(), got.values.end(), want.Row(2)));
}

TEST(Plain, FailedRunLeavesTheCacheAsItWas) {
  const Graph graph = SmallDecoder();
  const auto plain = Plain::Create(graph, RandomWeight).value();
  PlainCache cache;
  PlainCache* caches[] = {&cache};
  BatchData bad_token, gap;
  bad_token.Add({1, 11}, 0);
  EXPECT_EQ(plain->Run(bad_token.View(), caches).error().Message(), "rows.token[1]: got 11, want 0 to 10");
  EXPECT_EQ(cache.size(), 0);
  gap.Add({1}, 3);
  EXPECT_EQ(plain->Run(gap.View(), caches).error().Message(), "rows.position[0]: got 3, want 0, where the cache ends");
  EXPECT_FALSE(plain->Run(gap.View(), {}).ok());
}

TEST(Plain, GivesTheTapsAskedFor) {
  const Graph graph = SmallDecoder();
  const auto plain = Plain::Create(graph, RandomWeight).value();
  BatchData batch;
  batch.Add({1, 2}, 0);
  PlainCache a, b;
  PlainCache* caches[] = {&a};
  PlainCache* more[] = {&b};
  const std::string known[] = {"embed"}, unknown[] = {"blk.7.out"};
  const PlainResult result = plain->Run(batch.View(), caches, known).value();
  EXPECT_EQ(result.taps.at("embed").size(), 16U);
  EXPECT_FALSE(plain->Run(batch.View(), more, unknown).ok());
}

TEST(Plain, RunsWithoutOutputsForASliceThatIsNotTheLast) {
  const Graph graph = SmallDecoder();
  const auto plain = Plain::Create(graph, RandomWeight).value();
  BatchData batch;
  batch.Add({1, 2}, 0);
  batch.output.clear();
  PlainCache cache;
  PlainCache* caches[] = {&cache};
  const PlainResult result = plain->Run(batch.View(), caches).value();
  EXPECT_EQ(result.rows, 0);
  EXPECT_EQ(cache.size(), 2);
}

}  // namespace
}  // namespace atelier
