// What chunker.h promises of every method, over every entry.
#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>

#include "base/text/unicode.h"
#include "knowledge/chunk/chunk_testing.h"
#include "knowledge/chunk/code_lexer.h"
#include "knowledge/chunk/measure.h"

namespace atelier {
namespace {

struct Setting {
  std::string unit;
  std::optional<int64_t> limit, overlap;
};

bool IsBorder(std::string_view text, int64_t at) {
  return at == static_cast<int64_t>(text.size()) ||
         (static_cast<uint8_t>(text[static_cast<size_t>(at)]) & 0xC0) != 0x80;
}

void CheckChunk(const Document& document, const Chunk& chunk, const Measure& measure, const ChunkLimits& limits) {
  const std::string_view text = document.text;
  ASSERT_GE(chunk.span.begin, 0);
  ASSERT_LT(chunk.span.begin, chunk.span.end);
  ASSERT_LE(chunk.span.end, static_cast<int64_t>(text.size()));
  EXPECT_TRUE(IsBorder(text, chunk.span.begin)) << chunk.span.begin;
  EXPECT_TRUE(IsBorder(text, chunk.span.end)) << chunk.span.end;
  EXPECT_FALSE(Trim(TextOf(text, chunk.span)).empty());
  EXPECT_LE(measure.Size(chunk.span), limits.limit) << TextOf(text, chunk.span);
  EXPECT_LE(chunk.shown.begin, chunk.span.begin);
  EXPECT_GE(chunk.shown.end, chunk.span.end);
  EXPECT_TRUE(IsBorder(text, chunk.shown.begin) && IsBorder(text, chunk.shown.end));
}

// Behind the chunks that hold the text: what sums up some of them.
void CheckSummaries(const Document& document, const Chunking& chunking, size_t num_leaves,
                    const TokenCounter& counter) {
  for (size_t i = num_leaves; i < chunking.chunks.size(); ++i) {
    const Chunk& chunk = chunking.chunks[i];
    ASSERT_TRUE(chunk.sums_up);
    EXPECT_EQ(chunk.span, chunk.shown);
    EXPECT_GT(chunk.span.size(), chunking.chunks[0].span.size());
    EXPECT_LE(chunk.span.end, static_cast<int64_t>(document.text.size()));
    EXPECT_TRUE(EmbeddedText(document, chunk, chunking.limits, &counter).ends_with(chunk.context));
  }
}

// All but the method's own.
void CheckChunking(const Document& document, const Chunking& chunking, const TokenCounter& counter) {
  const ChunkLimits& limits = chunking.limits;
  const Measure measure(document.text, limits.unit, &counter);
  TextSpan before;
  const auto leaves_end = std::ranges::find_if(chunking.chunks, &Chunk::sums_up);
  CheckSummaries(document, chunking, static_cast<size_t>(leaves_end - chunking.chunks.begin()), counter);
  for (const Chunk& chunk : std::span(chunking.chunks.begin(), leaves_end)) {
    ASSERT_NO_FATAL_FAILURE(CheckChunk(document, chunk, measure, limits));
    const bool is_first = &chunk == chunking.chunks.data();
    if (!is_first) {
      EXPECT_GT(chunk.span.begin, before.begin);
      EXPECT_GT(chunk.span.end, before.end);
    }
    if (chunk.span.begin > before.end) {
      EXPECT_EQ(Trim(TextOf(document.text, {before.end, chunk.span.begin})), "") << "text was lost";
    } else if (chunk.span.begin < before.end) {
      EXPECT_LE(measure.Size({chunk.span.begin, before.end}), limits.overlap);
    }
    before = chunk.span;
    const std::string embedded = EmbeddedText(document, chunk, limits, &counter);
    EXPECT_TRUE(embedded.ends_with(TextOf(document.text, chunk.span)));
    const std::string_view preface(embedded.data(), embedded.size() - static_cast<size_t>(chunk.span.size()));
    EXPECT_LE(Measure(preface, limits.unit, &counter).Size({0, static_cast<int64_t>(preface.size())}),
              limits.preface + 1)
        << preface;
  }
  EXPECT_EQ(Trim(document.text.substr(static_cast<size_t>(before.end))), "") << "text was lost at the end";
}

class Conformance {
 public:
  Result<Chunking> Run(const ChunkerEntry& entry, const Document& document, const Setting& setting) {
    ChunkOptions options;
    options.method = entry.name;
    options.unit = setting.unit;
    options.limit = setting.limit;
    options.overlap = setting.overlap;
    ChunkTools tools;
    tools.counter = counter_;
    tools.embedder = &embedder_;
    tools.embedding_model = "words";
    tools.model = &model_;
    return loop_.Run(Split({}, document, options, tools));
  }
  void Check(const ChunkerEntry& entry, const Document& document, const Setting& setting) {
    SCOPED_TRACE(std::string(entry.name) + " in " + setting.unit);
    if (entry.name == "token" && setting.unit != "tokens") return;
    if (entry.name == "code" && LanguageOf(document) == nullptr) return;
    const auto chunking = Run(entry, document, setting);
    ASSERT_TRUE(chunking.ok()) << chunking.error().Message();
    CheckChunking(document, *chunking, *counter_);
    const auto again = Run(entry, document, setting);
    ASSERT_TRUE(again.ok());
    ASSERT_EQ(again->chunks.size(), chunking->chunks.size());
    for (size_t i = 0; i < again->chunks.size(); ++i) EXPECT_EQ(again->chunks[i].span, chunking->chunks[i].span);
  }

 private:
  ManualLoop loop_{7};
  WordEmbedder embedder_;
  NotingModel model_{loop_, "It is about things.", 1000};
  std::shared_ptr<const TokenCounter> counter_ = std::make_shared<PieceCounter>();
};

const Setting kSettings[] = {{"characters", 64, 0}, {"characters", 120, 40}, {"bytes", 50, 10},
                             {"tokens", 32, {}},    {"tokens", 40, 20},      {"characters", {}, {}}};

TEST(ChunkerConformance, OddTextsKeepThePromises) {
  Conformance conformance;
  for (uint64_t seed = 0; seed < 270; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::string_view types[] = {"text/plain",    "text/markdown", "text/html",
                                      "text/x-python", "text/x-c++",    "text/x-typescript",
                                      "text/x-go",     "text/x-rust",   "text/x-java"};
    const Document document = DocumentOf(OddText(seed), std::string(types[seed % std::size(types)]));
    for (const ChunkerEntry* entry : Chunkers()) {
      conformance.Check(*entry, document, kSettings[seed % std::size(kSettings)]);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(ChunkerConformance, DocumentsOfThisTreeKeepThePromises) {
  Conformance conformance;
  for (const Document& document : TreeDocuments()) {
    SCOPED_TRACE(document.title + " " + document.media_type);
    for (const ChunkerEntry* entry : Chunkers()) {
      for (const Setting& setting : {Setting{"characters", 1000, {}}, Setting{"tokens", 100, {}}}) {
        conformance.Check(*entry, document, setting);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST(ChunkerConformance, NothingMakesNoChunks) {
  Conformance conformance;
  for (const ChunkerEntry* entry : Chunkers()) {
    for (const char* text : {"", " ", "\n\n\t \u3000"}) {
      const auto chunking = conformance.Run(*entry, DocumentOf(text, "text/x-python"), {"tokens", {}, {}});
      ASSERT_TRUE(chunking.ok()) << chunking.error().Message();
      EXPECT_TRUE(chunking->chunks.empty()) << entry->name;
    }
  }
}

TEST(ChunkerConformance, AShortTextIsOneChunk) {
  Conformance conformance;
  for (const ChunkerEntry* entry : Chunkers()) {
    const auto chunking =
        conformance.Run(*entry, DocumentOf("\nOne small text.\n", "text/x-python"), {"tokens", {}, {}});
    ASSERT_TRUE(chunking.ok()) << chunking.error().Message();
    ASSERT_EQ(chunking->chunks.size(), 1u) << entry->name;
    EXPECT_EQ(chunking->chunks[0].span, (TextSpan{1, 16})) << entry->name;
  }
}

}  // namespace
}  // namespace atelier
