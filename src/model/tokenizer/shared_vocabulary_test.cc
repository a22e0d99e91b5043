// The vocabularies beside the tree: each .gguf has texts in .inp and the ids they must become in .out.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/tree_testing.h"
#include "model/container/gguf.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> Texts(const std::string& path) {
  static constexpr std::string_view kBetween = "\n__ggml_vocab_test__\n";
  const std::string all = ReadAll(path);
  std::vector<std::string> texts;
  for (size_t at = 0;;) {
    const size_t next = all.find(kBetween, at);
    texts.push_back(all.substr(at, next - at));
    if (next == all.npos) return texts;
    at = next + kBetween.size();
  }
}

std::vector<std::vector<int32_t>> Lines(const std::string& path) {
  std::vector<std::vector<int32_t>> lines;
  std::istringstream all(ReadAll(path));
  for (std::string line; std::getline(all, line);) {
    std::istringstream numbers(line);
    lines.emplace_back(std::istream_iterator<int32_t>(numbers), std::istream_iterator<int32_t>());
  }
  return lines;
}

class SharedVocabulary : public testing::TestWithParam<const char*> {};

TEST_P(SharedVocabulary, EncodesAsTheExpectedIdsSay) {
  const std::string path = SharedPath("/tokenizers/ggml-vocab-") + GetParam() + ".gguf";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  auto file = GgufFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.error().Message();
  auto tokenizer = Tokenizer::FromGguf(**file);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().Message();
  const auto texts = Texts(path + ".inp");
  const auto wanted = Lines(path + ".out");
  ASSERT_GE(texts.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ((*tokenizer)->Encode(texts[i], {.add_special = false}), wanted[i]) << "text " << i << ": " << texts[i];
  }
}

INSTANTIATE_TEST_SUITE_P(All, SharedVocabulary,
                         testing::Values("bert-bge", "deepseek-llm", "falcon", "gpt-2", "llama-spm", "starcoder"),
                         [](const auto& test) {
                           std::string name = test.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace atelier
