#include "model/container/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "base/io/files.h"
#include "base/random.h"
#include "model/container/model_files_for_test.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string FileOf(std::string_view header, size_t data_bytes) {
  const uint64_t size = header.size();
  std::string out(reinterpret_cast<const char*>(&size), 8);
  out += header;
  for (size_t i = 0; i < data_bytes; ++i) out += static_cast<char>(i);
  return out;
}

std::string ErrorOf(const std::string& bytes) {
  const auto file = SafetensorsFile::Parse(std::as_bytes(std::span(bytes)), "m.safetensors");
  return file.ok() ? "no error" : file.error().Message();
}

std::string ErrorOf(std::string_view header, size_t data_bytes) { return ErrorOf(FileOf(header, data_bytes)); }

constexpr std::string_view kTypical =
    R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]},)"
    R"("a.weight":{"dtype":"BF16","shape":[3,2],"data_offsets":[0,12]},)"
    R"("none":{"dtype":"F32","shape":[0,4],"data_offsets":[20,20]}})";

TEST(Safetensors, ReadsTensorsAndMetadata) {
  const std::string bytes = FileOf(kTypical, 20);
  const auto file = SafetensorsFile::Parse(std::as_bytes(std::span(bytes)), "m").value();
  ASSERT_EQ(file->tensors().size(), 3u);
  EXPECT_EQ(file->metadata()[0].first, "format");
  const Tensor* a = file->Find("a.weight");
  ASSERT_NE(a, nullptr);
  EXPECT_THAT(a->shape, ElementsAre(3, 2));
  EXPECT_EQ(a->format->name, "BF16");
  EXPECT_EQ(a->bytes.size(), 12u);
  EXPECT_EQ(file->Find("b")->bytes[0], std::byte{12});
  EXPECT_EQ(file->Find("none")->num_elements(), 0);
  EXPECT_EQ(file->Find("c"), nullptr);
}

TEST(Safetensors, DamageIsAnErrorThatNamesTheField) {
  const auto one = [](std::string_view fields, size_t data_bytes) {
    return ErrorOf("{\"t\":" + std::string(fields) + "}", data_bytes);
  };
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 8), "no error");
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 7), HasSubstr("t: data_offsets: got [0, 8]"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})", 4), HasSubstr("got 4 bytes, want the 8"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 9), HasSubstr("data: 1 bytes belong to no"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[2],"data_offsets":[1,9]})", 9), HasSubstr("bytes before it"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})", 8), HasSubstr("t: shape: want integers"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,8]})", 8),
              HasSubstr("t: shape: the product"));
  EXPECT_THAT(one(R"({"dtype":"F7","shape":[2],"data_offsets":[0,8]})", 8), HasSubstr("t: dtype: got \"F7\""));
  EXPECT_THAT(one(R"({"dtype":"Q4_0","shape":[32],"data_offsets":[0,18]})", 18), HasSubstr("t: dtype"));
  EXPECT_THAT(one(R"({"shape":[2],"data_offsets":[0,8]})", 8), HasSubstr("t: dtype: want a string"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,1e99]})", 8), HasSubstr("data_offsets"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})", 8), HasSubstr("data_offsets"));
  EXPECT_THAT(one("7", 0), HasSubstr("t: got a number, want an object"));
  EXPECT_THAT(ErrorOf("[]", 0), HasSubstr("header: got an array"));
  EXPECT_THAT(ErrorOf("{", 0), HasSubstr("m.safetensors: header: line 1"));
  EXPECT_THAT(ErrorOf(R"({"__metadata__":{"x":1}})", 0), HasSubstr("__metadata__: x: want a string"));
}

TEST(Safetensors, TensorsMayNotShareBytesOrNames) {
  EXPECT_THAT(ErrorOf(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                      R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                      6),
              HasSubstr("b: its bytes overlap"));
  EXPECT_THAT(ErrorOf(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                      R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                      2),
              HasSubstr("header"));
}

TEST(Safetensors, HostileHeaderLengthsAreRefused) {
  EXPECT_THAT(ErrorOf(std::string("\x07\0\0", 3)), HasSubstr("truncated"));
  EXPECT_THAT(ErrorOf(std::string(8, '\xff')), HasSubstr("header length: got 18446744073709551615, want at most 0"));
  std::string cut = FileOf(kTypical, 20);
  for (size_t size = 0; size < cut.size(); ++size) EXPECT_NE(ErrorOf(cut.substr(0, size)), "no error") << size;
}

class HfFolderTest : public testing::Test {
 protected:
  HfFolderTest() {
    std::string name = testing::TempDir() + "atelier_hf_XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~HfFolderTest() override { EXPECT_TRUE(RemoveTree(Files::Real(), folder_).ok()); }
  void Write(std::string_view name, std::string_view content) {
    ASSERT_TRUE(WriteAtomically(Files::Real(), JoinPath(folder_, name), content).ok());
  }
  std::string OpenError() {
    const auto opened = HfFolder::Open(folder_);
    return opened.ok() ? "no error" : opened.error().Message();
  }
  std::string folder_;
};

constexpr std::string_view kA = R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})";
constexpr std::string_view kB = R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})";

TEST_F(HfFolderTest, ReadsShardsThatTheIndexNames) {
  Write("s1.safetensors", FileOf(kA, 4));
  Write("s2.safetensors", FileOf(kB, 2));
  Write("model.safetensors.index.json", R"({"weight_map":{"a":"s1.safetensors","b":"s2.safetensors"}})");
  Write("config.json", "{}");
  const auto folder = HfFolder::Open(folder_).value();
  EXPECT_EQ(folder->tensors().size(), 2u);
  EXPECT_EQ(folder->Find("a")->bytes.size(), 4u);
  EXPECT_EQ(folder->Find("b")->bytes.size(), 2u);
  EXPECT_EQ(folder->ReadText("config.json").value(), "{}");
  EXPECT_TRUE(folder->Contains("config.json"));
  EXPECT_EQ(folder->ReadText("tokenizer.json").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(folder->ReadText("../x").error().kind, ErrorKind::kInvalid);
}

TEST_F(HfFolderTest, IndexThatLiesIsRefused) {
  EXPECT_THAT(OpenError(), HasSubstr("there is neither model.safetensors nor"));
  Write("s1.safetensors", FileOf(kA, 4));
  Write("s2.safetensors", FileOf(kA, 4));
  Write("model.safetensors.index.json", R"({"weight_map":{"a":"../s1.safetensors"}})");
  EXPECT_THAT(OpenError(), HasSubstr("want the plain name of a file"));
  Write("model.safetensors.index.json", R"({"weight_map":{"a":"s1.safetensors","b":"s1.safetensors"}})");
  EXPECT_THAT(OpenError(), HasSubstr("s1.safetensors: b: the index names this tensor, but it is not there"));
  Write("model.safetensors.index.json", R"({"weight_map":{"a":"s1.safetensors","b":"s2.safetensors"}})");
  EXPECT_THAT(OpenError(), HasSubstr("another shard holds this name too"));
  Write("model.safetensors.index.json", R"({"weight_map":{"a":"s3.safetensors"}})");
  EXPECT_THAT(OpenError(), HasSubstr("s3.safetensors: open: No such file"));
  Write("model.safetensors.index.json", R"({"weight_map":[]})");
  EXPECT_THAT(OpenError(), HasSubstr("weight_map: want an object"));
}

TEST(HfFolder, ReadsMiniLm) {
  const std::string path = ModelFile("all-minilm-l6-v2");
  if (path.empty()) GTEST_SKIP() << "all-minilm-l6-v2 is not pulled";
  const auto folder = HfFolder::Open(path).value();
  const Tensor* query = folder->Find("encoder.layer.0.attention.self.query.weight");
  ASSERT_NE(query, nullptr);
  EXPECT_THAT(query->shape, ElementsAre(384, 384));
  EXPECT_THAT(folder->ReadText("config.json").value(), HasSubstr("\"hidden_size\": 384"));
}

}  // namespace
}  // namespace atelier
