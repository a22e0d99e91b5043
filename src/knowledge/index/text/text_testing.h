// What tests of the text index share.
#pragma once

#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "knowledge/index/text/text_view.h"

namespace atelier {

using Texts = std::vector<std::string>;  // [field]; empty: none

inline TextSchema TwoFields() { return {{{"body", 1}, {"title", 2.5}}}; }

// Bytes at an address that Open takes.
inline std::vector<uint64_t> WordsOf(const std::string& bytes) {
  std::vector<uint64_t> words((bytes.size() + 7) / 8);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

struct Stored {
  explicit Stored(const std::string& bytes) : words(WordsOf(bytes)), size(bytes.size()) {
    Result<TextSegment> opened = TextSegment::Open({reinterpret_cast<const std::byte*>(words.data()), size});
    CHECK_MSG(opened.ok(), opened.ok() ? "" : opened.error().Message());
    segment = std::make_unique<TextSegment>(std::move(*opened));
  }
  std::vector<uint64_t> words;
  size_t size;
  std::unique_ptr<TextSegment> segment;
};

inline void AddRecord(TextSegmentBuilder& builder, const Texts& texts) {
  std::vector<TextSegmentBuilder::Text> parts;
  for (uint32_t f = 0; f < texts.size(); ++f) {
    if (!texts[f].empty()) parts.push_back({f, texts[f]});
  }
  builder.Add(parts);
}

inline std::string Build(const Analyzer& analyzer, const TextSchema& schema, std::span<const Texts> records) {
  TextSegmentBuilder builder(analyzer, schema);
  for (const Texts& record : records) AddRecord(builder, record);
  return builder.Finish();
}

// Words with frequencies as in texts: few frequent, many rare.
inline std::string RandomText(std::mt19937& random, int num_words) {
  std::string text;
  for (int i = 0; i < num_words; ++i) {
    const double u = std::uniform_real_distribution<>(0, 1)(random);
    text += "w" + std::to_string(static_cast<int>(3000 * u * u * u * u)) + (random() % 7 == 0 ? ". " : " ");
  }
  return text;
}

inline std::vector<Texts> RandomRecords(std::mt19937& random, size_t count) {
  std::vector<Texts> records(count);
  for (Texts& record : records) {
    if (random() % 20 == 0) continue;
    record.push_back(random() % 15 == 0 ? "" : RandomText(random, static_cast<int>(random() % 120)));
    if (random() % 2 == 0) record.push_back(RandomText(random, static_cast<int>(random() % 10)));
  }
  return records;
}

inline Analyzer Make(const std::string& language) {
  Result<Analyzer> analyzer = Analyzer::Create(language);
  CHECK(analyzer.ok());
  return std::move(*analyzer);
}

}  // namespace atelier
