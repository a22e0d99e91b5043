#include "model/container/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "base/random.h"
#include "base/text/json.h"
#include "model/container/model_files_for_test.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Writes protobuf messages.
class Message {
 public:
  Message& Varint(uint32_t field, uint64_t value) {
    PutVarint(field << 3);
    PutVarint(value);
    return *this;
  }
  Message& Bytes(uint32_t field, std::string_view bytes) {
    PutVarint(field << 3 | 2);
    PutVarint(bytes.size());
    out_ += bytes;
    return *this;
  }
  Message& Float(uint32_t field, float value) {
    PutVarint(field << 3 | 5);
    out_.append(reinterpret_cast<const char*>(&value), 4);
    return *this;
  }
  operator std::string_view() const { return out_; }
  const std::string& str() const { return out_; }

 private:
  void PutVarint(uint64_t value) {
    for (; value >= 128; value >>= 7) out_ += static_cast<char>(value | 128);
    out_ += static_cast<char>(value);
  }
  std::string out_;
};

template <class T>
std::string Raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

Message TensorOf(std::string_view name, std::vector<int64_t> dims, uint64_t type, std::string_view raw) {
  Message tensor;
  for (const int64_t dim : dims) tensor.Varint(1, static_cast<uint64_t>(dim));
  tensor.Varint(2, type).Bytes(8, name).Bytes(9, raw);
  return tensor;
}

Message FloatTensor(std::string_view name, std::vector<int64_t> dims) {
  const int64_t count = std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
  std::vector<float> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), 0.0f);
  return TensorOf(name, std::move(dims), 1, Raw(values));
}

Message Node(std::string_view op, std::vector<std::string> inputs, std::vector<std::string> outputs) {
  Message node;
  for (const auto& input : inputs) node.Bytes(1, input);
  for (const auto& output : outputs) node.Bytes(2, output);
  node.Bytes(3, "/" + outputs[0]).Bytes(4, op);
  return node;
}

std::string Model(const Message& graph) {
  return Message().Varint(1, 8).Bytes(7, graph).Bytes(8, Message().Varint(2, 14)).str();
}

Result<std::unique_ptr<OnnxFile>> Parse(const std::string& bytes) {
  return OnnxFile::Parse(std::as_bytes(std::span(bytes)), "m.onnx");
}
std::string ErrorOf(const std::string& bytes) {
  const auto file = Parse(bytes);
  return file.ok() ? "no error" : file.error().Message();
}

// E = 4, F = 6, two heads, one layer.
Message TinyBert() {
  Message graph;
  const auto product = [&](std::string_view weight, std::string name, int64_t k, int64_t n) {
    graph.Bytes(1, Node("MatMul", {"x", std::string(weight)}, {name + "/mm"}));
    graph.Bytes(1, Node("Add", {name + ".bias", name + "/mm"}, {name + "/add"}));
    graph.Bytes(5, FloatTensor(weight, {k, n}));
    graph.Bytes(5, FloatTensor(name + ".bias", {n}));
  };
  graph.Bytes(11, Message().Bytes(1, "input_ids")).Bytes(12, Message().Bytes(1, "last_hidden_state"));
  graph.Bytes(5, FloatTensor("embeddings.word_embeddings.weight", {10, 4}));
  graph.Bytes(5, FloatTensor("embeddings.position_embeddings.weight", {7, 4}));
  graph.Bytes(5, FloatTensor("embeddings.token_type_embeddings.weight", {2, 4}));
  product("onnx::MatMul_1", "encoder.layer.0.attention.self.query", 4, 4);
  product("onnx::MatMul_2", "encoder.layer.0.intermediate.dense", 4, 6);
  graph.Bytes(1, Node("Reshape", {"encoder.layer.0.attention.self.query/add", "heads"}, {"q"}));
  graph.Bytes(5, TensorOf("heads", {4}, 7, Raw<int64_t>({0, 0, 2, 2})));
  graph.Bytes(5, TensorOf("eps", {}, 1, Raw<float>({1e-12f})));
  graph.Bytes(1, Node("Add", {"variance", "eps"}, {"variance+eps"}));
  graph.Bytes(1, Node("Sqrt", {"variance+eps"}, {"deviation"}));
  return graph;
}

TEST(OnnxFile, BiasesNameTheWeightsOfProducts) {
  const std::string bytes = Model(TinyBert());
  const auto file = Parse(bytes).value();
  EXPECT_EQ(file->opset(), 14);
  EXPECT_EQ(file->Find("onnx::MatMul_2"), nullptr);
  const Tensor* up = file->Find("encoder.layer.0.intermediate.dense.weight");
  ASSERT_NE(up, nullptr);
  EXPECT_THAT(up->shape, ElementsAre(6, 4));
  EXPECT_TRUE(up->transposed);
  EXPECT_FALSE(file->Find("embeddings.word_embeddings.weight")->transposed);

  // The file holds 0..23 as [4, 6]; rows of the weight are its columns.
  EXPECT_THAT(ReadF32(*up).value(),
              ElementsAre(0, 6, 12, 18, 1, 7, 13, 19, 2, 8, 14, 20, 3, 9, 15, 21, 4, 10, 16, 22, 5, 11, 17, 23));
  std::vector<float> row(4);
  ASSERT_TRUE(ReadRowsF32(*up, 2, 1, row.data()).ok());
  EXPECT_THAT(row, ElementsAre(2, 8, 14, 20));
}

TEST(OnnxFile, GraphTellsTheConfiguration) {
  const std::string bytes = Model(TinyBert());
  const OnnxBertConfig config = Parse(bytes).value()->BertConfig().value();
  EXPECT_EQ(config.vocab_size, 10);
  EXPECT_EQ(config.hidden_size, 4);
  EXPECT_EQ(config.num_layers, 1);
  EXPECT_EQ(config.num_heads, 2);
  EXPECT_EQ(config.intermediate_size, 6);
  EXPECT_EQ(config.max_positions, 7);
  EXPECT_EQ(config.type_vocab_size, 2);
  EXPECT_FLOAT_EQ(static_cast<float>(config.layer_norm_eps), 1e-12f);
  EXPECT_EQ(Json::Parse(config.ToConfigJson()).value()["num_attention_heads"].AsInt64(), 2);
}

TEST(OnnxFile, OtherGraphsAreNoBertAndSayWhy) {
  const std::string bytes = Model(Message().Bytes(5, FloatTensor("w", {2, 2})));
  EXPECT_EQ(Parse(bytes).value()->BertConfig().error().Message(),
            "m.onnx: this is no BERT encoder: there is no embeddings.word_embeddings.weight");
}

TEST(OnnxFile, DataMayLieInTypedFields) {
  Message floats;
  floats.Varint(1, 2).Varint(2, 1).Bytes(8, "packed").Bytes(4, Raw<float>({1.5f, -2}));
  Message singles;
  singles.Varint(1, 2).Varint(2, 1).Bytes(8, "single").Float(4, 3).Float(4, 4);
  Message halves;  // 1.0 and -2.0 as the bits of halves in int32_data
  halves.Varint(1, 2).Varint(2, 10).Bytes(8, "halves").Varint(5, 0x3C00).Varint(5, 0xC000);
  const std::string bytes = Model(Message().Bytes(5, floats).Bytes(5, singles).Bytes(5, halves));
  const auto file = Parse(bytes).value();
  EXPECT_THAT(ReadF32(*file->Find("packed")).value(), ElementsAre(1.5f, -2.0f));
  EXPECT_THAT(ReadF32(*file->Find("single")).value(), ElementsAre(3.0f, 4.0f));
  EXPECT_THAT(ReadF32(*file->Find("halves")).value(), ElementsAre(1.0f, -2.0f));
}

TEST(OnnxFile, IdentityNodesGiveOtherNames) {
  Message graph;
  graph.Bytes(5, FloatTensor("a.weight", {3})).Bytes(1, Node("Identity", {"a.weight"}, {"b.weight"}));
  const std::string bytes = Model(graph);
  const auto file = Parse(bytes).value();
  ASSERT_NE(file->Find("b.weight"), nullptr);
  EXPECT_EQ(file->Find("b.weight")->bytes.data(), file->Find("a.weight")->bytes.data());
}

TEST(OnnxFile, WhatIsNotSupportedIsNamed) {
  Message external = TensorOf("w", {2}, 1, "");
  external.Varint(14, 1);
  EXPECT_THAT(ErrorOf(Model(Message().Bytes(5, external))), HasSubstr("w: data_location: the data lies in another"));
  EXPECT_THAT(ErrorOf(Model(Message().Bytes(5, TensorOf("w", {2}, 8, "xx")))), HasSubstr("w: data_type: got 8"));
  EXPECT_THAT(ErrorOf(Model(Message().Bytes(1, Node("MatMulInteger", {"a"}, {"b"})))),
              HasSubstr("/b: the operation MatMulInteger belongs to a quantised export"));
  Message with_graph = Node("If", {"c"}, {"r"});
  with_graph.Bytes(5, Message().Bytes(1, "then_branch").Bytes(6, Message()));
  EXPECT_THAT(ErrorOf(Model(Message().Bytes(1, with_graph))), HasSubstr("then_branch: graphs within attributes"));
}

TEST(OnnxFile, DamageIsAnErrorThatNamesTheField) {
  const auto one = [](const Message& tensor) { return ErrorOf(Model(Message().Bytes(5, tensor))); };
  EXPECT_THAT(ErrorOf(""), HasSubstr("m.onnx: graph: there is none"));
  EXPECT_THAT(ErrorOf("\xff\xff\xff"), HasSubstr("truncated"));
  EXPECT_THAT(ErrorOf("GGUF....."), HasSubstr("m.onnx"));
  EXPECT_THAT(one(TensorOf("w", {2}, 1, "1234567")), HasSubstr("w: data: got 7 bytes, want the 8 of F32 [2]"));
  EXPECT_THAT(one(TensorOf("w", {-2}, 1, "")), HasSubstr("w: shape"));
  EXPECT_THAT(one(TensorOf("w", {1ll << 40, 1ll << 40}, 1, "")), HasSubstr("w: shape: the product"));
  EXPECT_THAT(one(TensorOf("w", std::vector<int64_t>(9, 1), 1, "1234")), HasSubstr("dims: want at most 8"));
  EXPECT_THAT(one(TensorOf("", {1}, 1, "1234")), HasSubstr("initializer[0]: has no name"));
  const Message twice = FloatTensor("w", {1});
  EXPECT_THAT(ErrorOf(Model(Message().Bytes(5, twice).Bytes(5, twice))), HasSubstr("w: the initializer name stands"));
  EXPECT_THAT(ErrorOf(Message().Bytes(7, "").Bytes(7, "").str()), HasSubstr("graph: want exactly one"));
}

TEST(OnnxFile, TruncationAndRandomDamageNeverCrash) {
  const std::string whole = Model(TinyBert());
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<int64_t>(size));
    (void)OnnxFile::Parse(std::as_bytes(std::span(cut)), "m.onnx");
  }
  constexpr uint64_t kSeed = 12;
  Random random(kSeed);
  for (int i = 0; i < 20'000; ++i) {
    std::string broken = whole;
    for (uint64_t flips = 1 + random.Below(4); flips > 0; --flips) {
      broken[random.Below(broken.size())] = static_cast<char>(random.Next32());
    }
    if (const auto file = Parse(broken); file.ok()) (void)(*file)->BertConfig();
  }
}

TEST(OnnxFile, ReadsBgeSmall) {
  const std::string path = ModelFile("bge-small-en-v1.5/bge-small-en-v1.5.onnx");
  if (path.empty()) GTEST_SKIP() << "bge-small-en-v1.5 is not pulled";
  const auto file = OnnxFile::Open(path).value();
  const OnnxBertConfig config = file->BertConfig().value();
  EXPECT_EQ(config.num_layers, 12);
  EXPECT_EQ(config.num_heads, 12);
  EXPECT_EQ(config.hidden_size, 384);
  EXPECT_EQ(config.intermediate_size, 1536);
  EXPECT_FLOAT_EQ(static_cast<float>(config.layer_norm_eps), 1e-12f);
  for (int layer = 0; layer < 12; ++layer) {
    const std::string prefix = "encoder.layer." + std::to_string(layer) + ".";
    for (const char* name : {"attention.self.query", "attention.self.key", "attention.self.value",
                             "attention.output.dense", "intermediate.dense", "output.dense"}) {
      const Tensor* weight = file->Find(prefix + name + ".weight");
      ASSERT_NE(weight, nullptr) << prefix << name;
      EXPECT_TRUE(weight->transposed);
      EXPECT_EQ(weight->shape[0], file->Find(prefix + name + ".bias")->shape[0]);
    }
  }
}

}  // namespace
}  // namespace atelier
