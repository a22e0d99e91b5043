// Every vocabulary gives the ids, and the text back, that the PyPI package `tokenizers` gives on 10,000 random texts
// (tools/golden_tokenizers.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/tree_testing.h"
#include "model/container/gguf.h"
#include "model/tokenizer/random_text.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

const std::string kGolden = SourcePath("/tests/golden/model_tokenizer/");

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string ModelPath(const std::string& file) {
  const char* home = std::getenv("ATELIER_HOME");
  return (home != nullptr ? std::string(home) : std::string(std::getenv("HOME")) + "/.atelier") + "/models/" + file;
}

Result<std::shared_ptr<const Tokenizer>> Load(const std::string& path) {
  if (!path.ends_with(".gguf")) return Tokenizer::FromJson(ReadAll(path));
  TRY(const auto file, GgufFile::Open(path));
  return Tokenizer::FromGguf(*file);
}

uint64_t HashIds(const std::vector<int32_t>& ids, uint64_t start) {
  std::vector<int32_t> ended = ids;
  ended.push_back(-1);
  return Fnv({reinterpret_cast<const char*>(ended.data()), ended.size() * sizeof(int32_t)}, start);
}

// One line of the golden file against texts 100 * line to 100 * line + 99.
void CompareHundred(const Tokenizer& tokenizer, uint64_t line, uint64_t want_ids, uint64_t want_text,
                    const std::string& each) {
  uint64_t ids_hash = kFnvStart, text_hash = kFnvStart;
  for (uint64_t i = 0; i < 100; ++i) {
    const std::string text = RandomText(line * 100 + i);
    const auto ids = tokenizer.Encode(text, {.add_special = true, .parse_special = true});
    const uint64_t own = HashIds(ids, kFnvStart) & 0xFFFF;
    ASSERT_EQ(own, std::stoull(each.substr(i * 4, 4), nullptr, 16))
        << "ids of text " << line * 100 + i << " '" << text << "' are " << testing::PrintToString(ids);
    ids_hash = HashIds(ids, ids_hash);
    text_hash = Fnv(tokenizer.DecodeText(ids) + "\xff", text_hash);
  }
  ASSERT_EQ(ids_hash, want_ids) << "ids of texts " << line * 100 << " and on";
  ASSERT_EQ(text_hash, want_text) << "decoding of texts " << line * 100 << " and on";
}

struct Golden {
  std::string name;
  std::string path;
};

class GoldenVocabulary : public testing::TestWithParam<Golden> {};

TEST_P(GoldenVocabulary, EncodesAndDecodesAsTheReferenceDoes) {
  const auto& [name, path] = GetParam();
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  auto tokenizer = Load(path);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().Message();
  std::ifstream golden(kGolden + name + ".txt");
  uint64_t ids = 0, text = 0, line = 0;
  std::string each;
  for (golden >> std::hex; golden >> ids >> text >> each; ++line) {
    ASSERT_NO_FATAL_FAILURE(CompareHundred(**tokenizer, line, ids, text, each));
  }
  EXPECT_EQ(line, 100u);
}

std::vector<Golden> AllGoldens() {
  std::vector<Golden> all;
  for (const char* name : {"bert-bge", "deepseek-llm", "falcon", "gpt-2", "llama-spm", "starcoder"}) {
    all.push_back({name, SharedPath("/tokenizers/ggml-vocab-") + name + ".gguf"});
  }
  all.push_back({"smollm2-135m-instruct", ModelPath("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf")});
  all.push_back({"all-minilm-l6-v2", ModelPath("all-minilm-l6-v2/tokenizer.json")});
  all.push_back({"bge-small-en-v1.5", ModelPath("bge-small-en-v1.5/bge-small-en-v1.5-tokenizer.json")});
  for (const auto& entry : std::filesystem::directory_iterator(kGolden)) {
    if (entry.path().filename().string().starts_with("tiny-") && entry.path().extension() == ".json")
      all.push_back({entry.path().stem().string(), entry.path().string()});
  }
  std::sort(all.begin(), all.end(), [](const Golden& a, const Golden& b) { return a.name < b.name; });
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, GoldenVocabulary, testing::ValuesIn(AllGoldens()), [](const auto& test) {
  std::string name = test.param.name;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace atelier
