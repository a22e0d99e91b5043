// What tests of the text index share.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "knowledge/index/text/segment_format.h"
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

// Makes the checksums right again, so that damage is met by what reads it.
inline void RepairChecksums(std::string& bytes) {
  SegmentHeader header;
  if (bytes.size() < sizeof(header)) return;
  std::memcpy(&header, bytes.data(), sizeof(header));
  std::memcpy(header.magic.data(), kSegmentMagic, 8);
  header.size = bytes.size();
  for (SectionEntry& entry : header.sections) {
    if (entry.offset > bytes.size() || entry.size > bytes.size() - entry.offset) continue;
    entry.checksum = Checksum64(std::string_view(bytes).substr(entry.offset, entry.size));
  }
  std::memcpy(bytes.data(), &header, sizeof(header));
  header.checksum = Checksum64(std::string_view(bytes).substr(0, offsetof(SegmentHeader, checksum)));
  std::memcpy(bytes.data(), &header, sizeof(header));
}

// Does everything with bytes that may be anything. Answers may be nonsense; nothing else may happen.
inline void UseHostileSegment(std::string bytes, const Analyzer& analyzer) {
  RepairChecksums(bytes);
  const std::vector<uint64_t> words = WordsOf(bytes);
  auto opened = TextSegment::Open({reinterpret_cast<const std::byte*>(words.data()), bytes.size()});
  if (!opened.ok()) return;
  TextSchema schema{{}};
  for (uint32_t f = 0; f < opened->num_fields(); ++f)
    schema.fields.push_back({"f" + std::to_string(f), opened->boosts()[f]});
  const TextView view({{&*opened, nullptr}});
  for (const char* text : {"w0 w1 w2 w3", "\"w0 w1\"", "\"w1 w0\"~3 w5", "w* -w1", "+w12~2 w4", "f0:w1 f1:\"w0 w0\""}) {
    const TextQuery query = ParseTextQuery(text, analyzer, schema);
    std::vector<Bitmap> matching;
    view.Search(query, {.top_k = 20, .allowed = {}, .matching = &matching});
    view.Search(query);
  }
  view.Suggest("w1", 3, analyzer, [](uint32_t, uint32_t) { return std::string("w1 w12"); });
  const TextMergeInput inputs[2] = {{&*opened, nullptr}, {&*opened, nullptr}};
  const Result<std::string> merged = MergeTextSegments(inputs);
  if (!merged.ok()) CHECK(merged.error().kind == ErrorKind::kCorrupt);
}

}  // namespace atelier
