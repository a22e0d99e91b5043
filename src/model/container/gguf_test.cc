#include "model/container/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/random.h"
#include "model/container/model_files_for_test.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Writes GGUF files, good and bad ones.
class Gguf {
 public:
  explicit Gguf(uint32_t version = 3) : version_(version) {}

  template <class T>
  static void Put(std::string& out, T value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static void PutString(std::string& out, std::string_view text) {
    Put<uint64_t>(out, text.size());
    out += text;
  }

  template <class T>
  Gguf& Scalar(std::string_view key, GgufType type, T value) {
    Key(key, type);
    Put(pairs_, value);
    return *this;
  }
  Gguf& Text(std::string_view key, std::string_view value) {
    Key(key, GgufType::kString);
    PutString(pairs_, value);
    return *this;
  }
  template <class T>
  Gguf& Array(std::string_view key, GgufType type, std::vector<T> values) {
    Key(key, GgufType::kArray);
    Put(pairs_, static_cast<uint32_t>(type));
    Put<uint64_t>(pairs_, values.size());
    for (const T& value : values) Put(pairs_, value);
    return *this;
  }
  Gguf& Texts(std::string_view key, std::vector<std::string> values) {
    Key(key, GgufType::kArray);
    Put(pairs_, static_cast<uint32_t>(GgufType::kString));
    Put<uint64_t>(pairs_, values.size());
    for (const auto& value : values) PutString(pairs_, value);
    return *this;
  }
  // Dimensions as the file has them: the contiguous one first.
  Gguf& AddTensor(std::string_view name, std::vector<uint64_t> dimensions, Quant format, uint64_t offset) {
    PutString(infos_, name);
    Put<uint32_t>(infos_, dimensions.size());
    for (const uint64_t dimension : dimensions) Put(infos_, dimension);
    Put(infos_, static_cast<uint32_t>(format));
    Put(infos_, offset);
    ++num_tensors_;
    return *this;
  }
  std::string Bytes(size_t data_bytes = 0, size_t alignment = 32) const {
    std::string out = "GGUF";
    Put(out, version_);
    Put<uint64_t>(out, num_tensors_);
    Put<uint64_t>(out, num_pairs_);
    out += pairs_ + infos_;
    out.resize((out.size() + alignment - 1) / alignment * alignment);
    for (size_t i = 0; i < data_bytes; ++i) out += static_cast<char>(i);
    return out;
  }

 private:
  void Key(std::string_view key, GgufType type) {
    PutString(pairs_, key);
    Put(pairs_, static_cast<uint32_t>(type));
    ++num_pairs_;
  }

  uint32_t version_;
  uint64_t num_tensors_ = 0;
  uint64_t num_pairs_ = 0;
  std::string pairs_;
  std::string infos_;
};

Result<std::unique_ptr<GgufFile>> Parse(const std::string& bytes) {
  return GgufFile::Parse(std::as_bytes(std::span(bytes)), "m.gguf");
}
std::string ErrorOf(const std::string& bytes) {
  const auto file = Parse(bytes);
  return file.ok() ? "no error" : file.error().Message();
}

Gguf Typical() {
  Gguf gguf;
  gguf.Text("general.architecture", "llama")
      .Scalar<uint32_t>("llama.block_count", GgufType::kU32, 30)
      .Scalar<float>("llama.rope.freq_base", GgufType::kF32, 10000.0f)
      .Scalar<uint8_t>("tokenizer.add_bos", GgufType::kBool, 1)
      .Scalar<int16_t>("odd.negative", GgufType::kI16, -3)
      .Texts("tokenizer.tokens", {"a", "", "ccc"})
      .Array<float>("tokenizer.scores", GgufType::kF32, {0.5f, -1.0f})
      .Array<int32_t>("tokenizer.types", GgufType::kI32, {1, -2, 3})
      .Array<uint8_t>("flags", GgufType::kBool, {1, 0});
  gguf.AddTensor("blk.0.w", {64, 3}, Quant::kQ4_1, 0).AddTensor("norm", {8}, Quant::kF32, 128);
  return gguf;
}

TEST(GgufFile, ReadsValuesByTypeAndTensorsRowMajor) {
  const std::string bytes = Typical().Bytes(160);
  const auto file = Parse(bytes).value();
  EXPECT_EQ(file->version(), 3u);
  EXPECT_EQ(file->Text("general.architecture").value(), "llama");
  EXPECT_EQ(file->Integer("llama.block_count").value(), 30);
  EXPECT_EQ(file->Integer("odd.negative").value(), -3);
  EXPECT_EQ(file->Number("llama.rope.freq_base").value(), 10000.0);
  EXPECT_EQ(file->Number("llama.block_count").value(), 30.0);
  EXPECT_TRUE(file->Flag("tokenizer.add_bos").value());
  EXPECT_THAT(file->Texts("tokenizer.tokens").value(), ElementsAre("a", "", "ccc"));
  EXPECT_THAT(file->Numbers("tokenizer.scores").value(), ElementsAre(0.5f, -1.0f));
  EXPECT_THAT(file->Integers("tokenizer.types").value(), ElementsAre(1, -2, 3));
  EXPECT_THAT(file->Flags("flags").value(), ElementsAre(true, false));
  EXPECT_EQ(file->IntegerOr("absent", 7).value(), 7);

  const Tensor* w = file->Find("blk.0.w");
  ASSERT_NE(w, nullptr);
  EXPECT_THAT(w->shape, ElementsAre(3, 64));
  EXPECT_EQ(w->format->name, "Q4_1");
  EXPECT_EQ(w->bytes.size(), 3u * 2 * 20);
  EXPECT_EQ(w->bytes[5], std::byte{5});
  EXPECT_EQ(w->row_bytes(), 40);
  const Tensor* norm = file->Find("norm");
  EXPECT_EQ(norm->bytes[0], std::byte{128});
  EXPECT_EQ(ReadF32(*norm).value().size(), 8u);
  EXPECT_EQ(file->Find("absent"), nullptr);
}

TEST(GgufFile, WrongTypeAndAbsenceNameFileAndKey) {
  const std::string bytes = Typical().Bytes(160);
  const auto file = Parse(bytes).value();
  EXPECT_EQ(file->Integer("general.architecture").error().Message(),
            "m.gguf: general.architecture: got string, want an integer below 2^63");
  EXPECT_EQ(file->Text("nothing").error().Message(), "m.gguf: nothing: the key is missing");
  EXPECT_THAT(file->Texts("tokenizer.scores").error().Message(), HasSubstr("got array of f32"));
  EXPECT_FALSE(file->Numbers("tokenizer.tokens").ok());
  EXPECT_FALSE(file->Integers("tokenizer.scores").ok());
  EXPECT_FALSE(file->IntegerOr("general.architecture", 1).ok());
}

TEST(GgufFile, HeadersThatWeCannotReadSayWhy) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("truncated"));
  EXPECT_THAT(ErrorOf("PK\3\4 some other file altogether"), HasSubstr("m.gguf: magic: this is no GGUF file"));
  EXPECT_THAT(ErrorOf(Gguf(1).Bytes()), HasSubstr("version: got 1"));
  EXPECT_THAT(ErrorOf(Gguf(77).Bytes()), HasSubstr("version: got 77, want 2 or 3"));
  EXPECT_THAT(ErrorOf(Gguf(0x03000000).Bytes()), HasSubstr("big-endian"));
  EXPECT_EQ(ErrorOf(Gguf(2).Bytes()), "no error");
}

TEST(GgufFile, EveryTruncationIsAnErrorAndNeverACrash) {
  const std::string whole = Typical().Bytes(160);
  ASSERT_EQ(ErrorOf(whole), "no error");
  for (size_t size = 0; size < whole.size(); ++size) {
    // A copy of exactly that size, so that a read beyond it is seen by the address sanitizer.
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<int64_t>(size));
    const auto file = GgufFile::Parse(std::as_bytes(std::span(cut)), "m.gguf");
    EXPECT_FALSE(file.ok()) << size;
  }
}

TEST(GgufFile, HostileCountsAreRefusedBeforeAllocating) {
  std::string bytes = Typical().Bytes(160);
  for (const size_t at : {size_t{8}, size_t{16}}) {
    std::string broken = bytes;
    const uint64_t huge = uint64_t{1} << 60;
    std::memcpy(broken.data() + at, &huge, 8);
    EXPECT_THAT(ErrorOf(broken), HasSubstr("count: got 1152921504606846976, but only"));
  }
  std::string arrays = Gguf().Bytes();
  arrays[16] = 1;
  Gguf::PutString(arrays, "k");
  Gguf::Put<uint32_t>(arrays, 9);
  Gguf::Put<uint32_t>(arrays, 12);
  Gguf::Put<uint64_t>(arrays, ~uint64_t{0} / 8 + 2);
  arrays.erase(24, 8);  // the padding that Bytes() put after the empty header
  EXPECT_THAT(ErrorOf(arrays), HasSubstr("k: array length: got 2305843009213693953"));
}

TEST(GgufFile, NamesThatStandTwiceAreRefused) {
  EXPECT_THAT(ErrorOf(Gguf().Text("k", "1").Text("k", "2").Bytes()), HasSubstr("m.gguf: k: the key stands twice"));
  Gguf twice;
  twice.AddTensor("t", {8}, Quant::kF32, 0).AddTensor("t", {8}, Quant::kF32, 32);
  EXPECT_THAT(ErrorOf(twice.Bytes(64)), HasSubstr("m.gguf: t: the tensor name stands twice"));
}

TEST(GgufFile, TensorsMustLieWithinTheFileAlignedAndApart) {
  const auto one = [](std::vector<uint64_t> dims, Quant format, uint64_t offset, size_t data) {
    return ErrorOf(Gguf().AddTensor("t", std::move(dims), format, offset).Bytes(data));
  };
  EXPECT_EQ(one({8}, Quant::kF32, 0, 32), "no error");
  EXPECT_THAT(one({8}, Quant::kF32, 0, 31), HasSubstr("t: offset 0 + 32 bytes goes beyond the 31 bytes of data"));
  EXPECT_THAT(one({8}, Quant::kF32, 4, 64), HasSubstr("offset: got 4, want a multiple of 32"));
  EXPECT_THAT(one({8}, Quant::kF32, ~uint64_t{31}, 64), HasSubstr("goes beyond"));
  EXPECT_THAT(one({33}, Quant::kQ4_0, 0, 64), HasSubstr("got rows of 33, want a multiple of 32"));
  EXPECT_THAT(one({}, Quant::kF32, 0, 64), HasSubstr("dimensions: got 0, want 1 to 4"));
  EXPECT_THAT(one({1, 1, 1, 1, 1}, Quant::kF32, 0, 64), HasSubstr("dimensions: got 5, want 1 to 4"));
  EXPECT_THAT(one({uint64_t{1} << 40, uint64_t{1} << 40}, Quant::kF32, 0, 64), HasSubstr("t: shape: the product"));
  EXPECT_THAT(one({~uint64_t{0}}, Quant::kF32, 0, 64), HasSubstr("shape: dimension 0 is beyond"));
  EXPECT_THAT(one({8}, Quant{4}, 0, 64), HasSubstr("format: got type id 4"));
  EXPECT_THAT(one({8}, Quant::kU16, 0, 64), HasSubstr("format: got type id 1002"));
  Gguf overlap;
  overlap.AddTensor("a", {16}, Quant::kF32, 0).AddTensor("b", {8}, Quant::kF32, 32);
  EXPECT_THAT(ErrorOf(overlap.Bytes(64)), HasSubstr("b: its bytes overlap those of a"));
}

TEST(GgufFile, AlignmentIsHeeded) {
  Gguf gguf;
  gguf.Scalar<uint32_t>("general.alignment", GgufType::kU32, 8).AddTensor("t", {2}, Quant::kF32, 8);
  const std::string bytes = gguf.Bytes(16, 8);
  EXPECT_EQ(Parse(bytes).value()->Find("t")->bytes[0], std::byte{8});
  EXPECT_THAT(ErrorOf(Gguf().Scalar<uint32_t>("general.alignment", GgufType::kU32, 12).Bytes()),
              HasSubstr("general.alignment: want an integer power of two"));
  EXPECT_FALSE(Parse(Gguf().Text("general.alignment", "x").Bytes()).ok());
}

TEST(GgufFile, KnownFormatWithoutDequantiserLoadsAndSaysSoWhenRead) {
  const std::string bytes = Gguf().AddTensor("t", {256}, Quant::kIQ4_XS, 0).Bytes(136);
  const auto file = Parse(bytes).value();
  EXPECT_EQ(ReadF32(*file->Find("t")).error().Message(), "t: format IQ4_XS is not supported yet");
}

TEST(GgufFile, RandomDamageNeverCrashes) {
  const std::string whole = Typical().Bytes(160);
  constexpr uint64_t kSeed = 11;
  Random random(kSeed);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string broken = whole;
    for (uint64_t flips = 1 + random.Below(4); flips > 0; --flips) {
      broken[random.Below(broken.size())] = static_cast<char>(random.Next32());
    }
    refused += !Parse(broken).ok();
  }
  EXPECT_GT(refused, 5'000) << "seed " << kSeed;
}

TEST(GgufFile, ReadsSmolLm2) {
  const std::string path = ModelFile("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
  if (path.empty()) GTEST_SKIP() << "smollm2-135m-instruct is not pulled";
  const auto file = GgufFile::Open(path).value();
  EXPECT_EQ(file->Text("general.architecture").value(), "llama");
  EXPECT_EQ(file->Integer("llama.block_count").value(), 30);
  EXPECT_EQ(file->Texts("tokenizer.ggml.tokens").value().size(), 49152u);
  const Tensor* embedding = file->Find("token_embd.weight");
  ASSERT_NE(embedding, nullptr);
  EXPECT_THAT(embedding->shape, ElementsAre(49152, 576));
  const Tensor* key = file->Find("blk.0.attn_k.weight");
  ASSERT_NE(key, nullptr);
  EXPECT_THAT(key->shape, ElementsAre(192, 576));
  for (const Tensor& tensor : file->tensors()) EXPECT_TRUE(tensor.format->can_dequantize()) << tensor.name;
}

}  // namespace
}  // namespace atelier
