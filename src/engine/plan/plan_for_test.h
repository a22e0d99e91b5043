// Small random models for tests of the plan: a graph, its weights in memory, a cache.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "compute/kernel/pack.h"
#include "compute/quant/quant.h"
#include "engine/plan/plan.h"
#include "graph/ops.h"
#include "graph/plain.h"

namespace atelier {

// Random weights made when first asked for, from the name alone: so that Plain and every Plan see the same.
class RandomWeights final : public PlanWeights {
 public:
  explicit RandomWeights(std::string format) : format_(std::move(format)) {}

  Result<PackedMatrix> Panels(const WeightRef& ref) override {
    const std::vector<std::byte>& bytes = Bytes(ref);
    const PanelLayout layout = PanelLayoutOf(*PanelKindOf(format_), ref.cols);
    auto& panels = panels_[ref.name];
    if (panels == nullptr) {
      const int64_t size = NumPanels(ref.rows) * layout.panel_bytes;
      panels.reset(static_cast<std::byte*>(::operator new(static_cast<size_t>(size), std::align_val_t{64})));
      const int64_t row_bytes = FindQuant(format_)->BytesFor(ref.cols);
      for (int64_t p = 0; p < NumPanels(ref.rows); ++p) {
        const int64_t rows = std::min<int64_t>(kPanelRows, ref.rows - p * kPanelRows);
        PackPanel(format_, bytes.data() + p * kPanelRows * row_bytes, row_bytes, rows, ref.cols,
                  panels.get() + p * layout.panel_bytes);
      }
    }
    return PackedMatrix{.layout = layout, .n = ref.rows, .k = ref.cols, .data = panels.get()};
  }

  Result<TableView> Table(const WeightRef& ref) override { return TableView{FindQuant(format_), Bytes(ref)}; }

  Result<std::vector<float>> Floats(const WeightRef& ref) override {
    std::vector<float> out(static_cast<size_t>(ref.rows * ref.cols));
    if (ref.rows == 1) {  // a norm or a bias: F32 in every file (no matrix here has one row)
      std::mt19937 random(Seed(ref));
      std::uniform_real_distribution<float> uniform(0.3F, 1.7F);
      for (float& x : out) x = uniform(random);
      return out;
    }
    FindQuant(format_)->dequantize(Bytes(ref).data(), out.data(), ref.rows * ref.cols);
    return out;
  }

 private:
  struct Free {
    void operator()(std::byte* p) const { ::operator delete(p, std::align_val_t{64}); }
  };

  static uint32_t Seed(const WeightRef& ref) { return static_cast<uint32_t>(std::hash<std::string>()(ref.name)); }

  const std::vector<std::byte>& Bytes(const WeightRef& ref) {
    std::vector<std::byte>& bytes = bytes_[ref.name];
    if (!bytes.empty()) return bytes;
    const QuantFormat& format = *FindQuant(format_);
    bytes.resize(static_cast<size_t>(format.BytesFor(ref.rows * ref.cols)));
    std::mt19937 random(Seed(ref));
    if (format.id == Quant::kF32) {
      std::normal_distribution<float> normal(0, 0.15F);
      for (size_t i = 0; i < bytes.size(); i += 4) {
        const float x = normal(random);
        std::memcpy(&bytes[i], &x, 4);
      }
      return bytes;
    }
    for (std::byte& b : bytes) b = static_cast<std::byte>(random() & 0xff);
    for (size_t i = 0; i < bytes.size(); i += static_cast<size_t>(format.block_bytes)) {
      const bool is_byte = format.id == Quant::kQ8_0;  // the scale comes first, and the minimum after it
      const auto scale = static_cast<uint16_t>((is_byte ? 0x1400 : 0x2400) + random() % 0x400);
      std::memcpy(&bytes[i], &scale, 2);
      const auto minimum = static_cast<uint16_t>(0xb000 + random() % 0x400);
      if (format.id == Quant::kQ4_1) std::memcpy(&bytes[i + 2], &minimum, 2);
    }
    return bytes;
  }

  std::string format_;
  std::map<std::string, std::vector<std::byte>> bytes_;
  std::map<std::string, std::unique_ptr<std::byte, Free>> panels_;
};

struct TinyDecoder {
  int64_t vocabulary = 101;
  int64_t width = 64;
  int64_t layers = 2;
  int64_t heads = 4;
  int64_t kv_heads = 2;
  int64_t head_dim = 16;
  int64_t ffn = 96;
  RopeStyle rope = RopeStyle::kAdjacent;
  bool head_norm = false;  // as Qwen3
  bool qkv_bias = false;   // as Qwen2
};

inline Graph MakeDecoder(const TinyDecoder& c) {
  Ops ops;
  Value x = ops.Embed(EmbedIndex::kToken, "embed", c.vocabulary, c.width);
  for (int64_t i = 0; i < c.layers; ++i) {
    const std::string at = "blk." + std::to_string(i) + ".";
    const auto name = [&](const std::string& what, bool bias) {
      return AffineName{at + what + ".weight", bias ? at + what + ".bias" : ""};
    };
    RopeSpec rope{.style = c.rope, .heads = c.heads, .head_dim = c.head_dim, .inv_freq = {}, .magnitude = 1};
    for (int64_t p = 0; p < c.head_dim / 2; ++p) rope.inv_freq.push_back(1 / static_cast<float>(1 + 7 * p));
    const Value y = ops.RmsNorm(x, name("norm", false), 1e-5F);
    Value q = ops.Linear(y, name("q", c.qkv_bias), c.heads * c.head_dim);
    Value k = ops.Linear(y, name("k", c.qkv_bias), c.kv_heads * c.head_dim);
    const Value v = ops.Linear(y, name("v", c.qkv_bias), c.kv_heads * c.head_dim);
    if (c.head_norm) q = ops.RmsNorm(q, name("q_norm", false), 1e-5F, c.heads);
    if (c.head_norm) k = ops.RmsNorm(k, name("k_norm", false), 1e-5F, c.kv_heads);
    q = ops.Rope(q, rope);
    rope.heads = c.kv_heads;
    k = ops.Rope(k, rope);
    const float scale = 1 / std::sqrt(static_cast<float>(c.head_dim));
    const Value a = ops.Attention(q, k, v, {c.heads, c.kv_heads, c.head_dim, scale, true, kNoSlot});
    x = ops.Add(x, ops.Linear(a, name("o", false), c.width));
    const Value z = ops.RmsNorm(x, name("ffn_norm", false), 1e-5F);
    const Value gate = ops.Linear(z, name("gate", false), c.ffn);
    const Value up = ops.Linear(z, name("up", false), c.ffn);
    x = ops.Add(x, ops.Linear(ops.Gate(gate, up, Activation::kSilu), name("down", false), c.width));
  }
  x = ops.RmsNorm(x, {"norm", ""}, 1e-5F);
  auto graph = std::move(ops).Finish(ops.Output(x, {"embed", ""}, c.vocabulary));
  CHECK_MSG(graph.ok(), graph.ok() ? "" : graph.error().Message());
  return std::move(*graph);
}

// A post-norm encoder as BERT's, mean pooling, with a classifying head if asked.
inline Graph MakeEncoder(bool scores) {
  constexpr int64_t kWidth = 64;
  Ops ops;
  Value x = ops.Add(ops.Embed(EmbedIndex::kToken, "embed", 101, kWidth),
                    ops.Embed(EmbedIndex::kPosition, "positions", 80, kWidth));
  x = ops.Add(x, ops.Embed(EmbedIndex::kTokenType, "types", 2, kWidth));
  x = ops.LayerNorm(x, {"embed_norm", "embed_norm.bias"}, 1e-12F);
  for (int i = 0; i < 2; ++i) {
    const std::string at = "blk." + std::to_string(i) + ".";
    const auto name = [&](const std::string& what) { return AffineName{at + what, at + what + ".bias"}; };
    const Value q = ops.Linear(x, name("q"), kWidth);
    const Value k = ops.Linear(x, name("k"), kWidth);
    const Value v = ops.Linear(x, name("v"), kWidth);
    const Value a = ops.Attention(q, k, v, {4, 4, 16, 0.25F, false, kNoSlot});
    x = ops.LayerNorm(ops.Add(x, ops.Linear(a, name("o"), kWidth)), name("norm"), 1e-12F);
    const Value up = ops.Activate(ops.Linear(x, name("up"), 96), Activation::kGelu);
    x = ops.LayerNorm(ops.Add(x, ops.Linear(up, name("down"), kWidth)), name("ffn_norm"), 1e-12F);
  }
  x = ops.Pool(x, {scores ? PoolKind::kCls : PoolKind::kMean, !scores});
  if (scores)
    x = ops.Linear(ops.Activate(ops.Linear(x, {"pre", "pre.bias"}, kWidth), Activation::kTanh), {"cls", ""}, 2);
  auto graph = std::move(ops).Finish(x);
  CHECK_MSG(graph.ok(), graph.ok() ? "" : graph.error().Message());
  return std::move(*graph);
}

}  // namespace atelier
