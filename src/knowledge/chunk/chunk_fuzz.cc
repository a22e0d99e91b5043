// Any bytes, as any kind of text, by every method that asks no model: parts stay within bounds and lose nothing. Code
// is read as each language, item by item.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/text/unicode.h"
#include "base/text/utf8.h"
#include "knowledge/chunk/chunker.h"
#include "knowledge/chunk/code_items.h"
#include "knowledge/chunk/measure.h"

namespace atelier {
namespace {

constexpr std::string_view kTypes[] = {"text/plain",    "text/markdown", "text/html",
                                       "text/x-python", "text/x-c++",    "text/x-typescript",
                                       "text/x-go",     "text/x-rust",   "text/x-java"};

void CheckItems(const CodeReader& reader, CodeRange range, TextSpan within, int depth) {
  int64_t end = within.begin;
  for (const CodeItem& item : reader.ItemsOf(range)) {
    CHECK(item.span.begin >= end && item.span.end > item.span.begin && item.span.end <= within.end);
    end = item.span.end;
    static_cast<void>(reader.NameOf(item));
    if (depth >= 20) continue;
    for (const CodeRange& inner : item.inner) CheckItems(reader, inner, item.span, depth + 1);
  }
}

void CheckChunks(const Document& document, const Chunking& chunking) {
  const Measure measure(document.text, chunking.limits.unit, nullptr);
  int64_t end = 0;
  for (const Chunk& chunk : chunking.chunks) {
    CHECK(chunk.span.begin >= 0 && chunk.span.size() > 0);
    CHECK(chunk.span.end <= static_cast<int64_t>(document.text.size()));
    CHECK(measure.Size(chunk.span) <= chunking.limits.limit);
    if (chunk.span.begin > end) CHECK(Trim(TextOf(document.text, {end, chunk.span.begin})).empty());
    CHECK(chunk.span.end > end);
    end = chunk.span.end;
  }
  CHECK(Trim(document.text.substr(static_cast<size_t>(end))).empty());
}

}  // namespace
}  // namespace atelier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  if (size < 2) return 0;
  Document document;
  document.media_type = kTypes[data[0] % std::size(kTypes)];
  document.text = ReplaceInvalidUtf8({reinterpret_cast<const char*>(data) + 2, size - 2});
  ChunkOptions options;
  options.unit = data[1] % 2 == 0 ? "characters" : "bytes";
  options.limit = 32 + data[1];
  options.overlap = data[1] % 16;
  if (const CodeLanguage* language = LanguageOf(document)) {
    const CodeReader reader(document.text, *language);
    CheckItems(reader, reader.all(), {0, static_cast<int64_t>(document.text.size())}, 0);
  }
  for (const ChunkerEntry* entry : Chunkers()) {
    if (entry->split == nullptr) continue;
    options.method = entry->name;
    const auto chunking = SplitPlainly(document, options, {});
    if (chunking.ok()) CheckChunks(document, *chunking);
  }
  return 0;
}
