#include "model/weights/weight_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <vector>

namespace atelier {
namespace {

// Tensors in memory, under a checkpoint's names.
class MemoryFile final : public TensorFile {
 public:
  void Add(std::string_view name, std::vector<int64_t> shape, std::vector<float> values, bool transposed = false) {
    values_.push_back(std::move(values));
    tensors_.push_back(
        {name, &QuantOf(Quant::kF32), std::move(shape), std::as_bytes(std::span(values_.back())), transposed});
  }
  std::span<const Tensor> tensors() const override { return tensors_; }
  const Tensor* Find(std::string_view name) const override {
    for (const Tensor& tensor : tensors_) {
      if (tensor.name == name) return &tensor;
    }
    return nullptr;
  }
  const std::string& path() const override { return path_; }

 private:
  std::string path_ = "/memory.gguf";
  std::list<std::vector<float>> values_;
  std::vector<Tensor> tensors_;
};

std::string SameName(std::string_view name) { return std::string(name); }

WeightStore TwoWeights() {
  auto file = std::make_shared<MemoryFile>();
  file->Add("blk.0.attn_q.weight", {2, 3}, {1, 2, 3, 4, 5, 6});
  file->Add("blk.0.attn_q.bias", {2}, {7, 8});
  file->Add("blk.0.ffn_up.weight", {3, 2}, {1, 2, 3, 4, 5, 6}, true);
  return WeightStore::Create(file, SameName).value();
}

TEST(WeightStore, ReadsRowsAsTheGraphWantsThem) {
  const WeightStore store = TwoWeights();
  EXPECT_THAT(store.ReadF32({"blk.0.attn_q.weight", 2, 3}).value(), testing::ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(store.ReadF32({"blk.0.attn_q.bias", 1, 2}).value(), testing::ElementsAre(7, 8));
  // Held as [2, 3] in the file.
  EXPECT_THAT(store.ReadF32({"blk.0.ffn_up.weight", 3, 2}).value(), testing::ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_EQ(store.num_elements(), 14);
  EXPECT_EQ(store.num_bytes(), 56);
  EXPECT_EQ(store.main_format(), "F32");
}

TEST(WeightStore, ReportsMissingMisshapenAndLeftOutWeightsAtOnce) {
  const WeightStore store = TwoWeights();
  const std::vector<WeightRef> wanted = {
      {"blk.0.attn_q.weight", 3, 3}, {"blk.0.attn_k.weight", 2, 3}, {"blk.0.ffn_up.weight", 3, 2}};
  EXPECT_EQ(store.Check(wanted).error().Message(),
            "/memory.gguf: blk.0.attn_q.weight: got [2, 3], want [3, 3]\n"
            "blk.0.attn_k.weight: got none, want [2, 3]\n"
            "blk.0.attn_q.bias: got [2], want no such tensor in this architecture");
  const std::vector<WeightRef> some = {{"blk.0.ffn_up.weight", 3, 2}};
  const std::string_view spare[] = {"blk.0.attn_q."};
  EXPECT_FALSE(store.Check(some).ok());
  EXPECT_TRUE(store.Check(some, spare).ok());
}

TEST(WeightStore, RefusesTwoTensorsOfOneName) {
  auto file = std::make_shared<MemoryFile>();
  file->Add("a", {1}, {1});
  file->Add("b", {1}, {1});
  file->Add("mask", {1}, {1});
  const auto store = WeightStore::Create(file, [](std::string_view name) { return name == "mask" ? "" : "same"; });
  EXPECT_EQ(store.error().Message(), "/memory.gguf: b: got a second tensor for same beside a, want one");
}

TEST(Weights, NameWhatTheFileHasUnderAPrefix) {
  const WeightStore store = TwoWeights();
  const Weights w = Weights(store).Block(0);
  EXPECT_EQ(w("attn_q").bias, "blk.0.attn_q.bias");
  EXPECT_EQ(w("ffn_up").weight, "blk.0.ffn_up.weight");
  EXPECT_EQ(w("ffn_up").bias, "");
  EXPECT_EQ(w.WithBias("ffn_up").bias, "blk.0.ffn_up.bias");
  EXPECT_EQ(w.NoBias("attn_q").bias, "");
  EXPECT_TRUE(w.Has("attn_q.weight"));
  EXPECT_FALSE(w.Has("attn_v.weight"));
}

}  // namespace
}  // namespace atelier
