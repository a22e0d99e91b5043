// From a document to its chunks. A method is one file, x.entry.cc, with one ChunkerEntry (docs/adding.md); all keep
// these promises, which chunker_conformance_test.cc holds:
//   - spans lie at borders of characters, in order of their begin, each after the one before begins;
//   - no text is lost: what no span covers is white space, and no span is white space alone;
//   - no span is over its limit; what it shares with the span before is at most the overlap;
//   - `shown` contains `span`; pages are those of the span; the heading path is what all of the span's text stands
//   under;
//   - the same document and options give the same chunks.
// Chunks that sum up others come after these and keep of this only that their spans are of the document.
// A limit bounds the span. What is said before it where it is embedded (EmbeddedText) comes on top and is bounded too,
// so that a limit in tokens and its preface together fit the embedder.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task/call.h"
#include "base/task/pool.h"
#include "base/task/task.h"
#include "knowledge/chunk/chunk_options.h"
#include "provider/language_model.h"
#include "provider/token_counter.h"
#include "record/chunk.h"

namespace atelier {

// What a method may use. Each may be missing; a method that cannot do without says so by name. What is pointed to
// outlives the Split.
struct ChunkTools {
  std::shared_ptr<const TokenCounter> counter;  // of the embedder's tokenizer
  int64_t max_tokens = 0;                       // that the embedder reads of a text, without its own; 0: not known
  Embedder* embedder = nullptr;
  std::string embedding_model;
  LanguageModel* model = nullptr;
  std::string chat_model;
  Pool* pool = nullptr;  // where long cutting runs; null: on the caller's thread
};

enum class ChunkUnit : uint8_t { kCharacters, kBytes, kTokens };

// The options of one method, with its defaults in the place of what is not set.
struct ChunkLimits {
  ChunkUnit unit = ChunkUnit::kCharacters;
  int64_t limit = 0;
  int64_t overlap = 0;
  int64_t preface = 0;  // the most before a text
};

struct Chunking {
  std::vector<Chunk> chunks;
  ChunkLimits limits;
  // Whether chunks get their vectors from the document's token embeddings, pooled by span, instead of each from its own
  // text.
  bool late = false;
  int64_t model_tokens = 0;  // that a chat model read and wrote for them
};

struct ChunkInput {
  const Document& document;
  const ChunkOptions& options;
  const ChunkTools& tools;
  ChunkLimits limits;
};

struct ChunkerEntry {
  std::string_view name;
  std::string_view sentence;               // for the reference
  std::span<const std::string_view> keys;  // of ChunkOptions, beside those that all know
  double default_overlap = 0;              // as a share of the limit
  // One of the two: what needs no model is plain, and may run on a pool.
  Result<Chunking> (*split)(const ChunkInput& input) = nullptr;
  Task<Result<Chunking>> (*ask)(Call call, ChunkInput input) = nullptr;
};

// Every method, sorted by file name.
std::span<const ChunkerEntry* const> Chunkers();
// Error: names those that there are.
Result<const ChunkerEntry*> FindChunker(std::string_view name);

// Errors: an unknown method or a key that the method does not know, a limit over what the embedder reads, tokens where
// no counter is. Where: keys of ChunkOptions.
Result<ChunkLimits> LimitsOf(const ChunkerEntry& entry, const ChunkOptions& options, const ChunkTools& tools);

// Cuts `document`, which must outlive the task.   COST: of methods that ask no model, linear in the text.
Task<Result<Chunking>> Split(Call call, const Document& document, ChunkOptions options, ChunkTools tools);
// The same for methods that ask no model; others are an error.
Result<Chunking> SplitPlainly(const Document& document, const ChunkOptions& options, const ChunkTools& tools);

// What is embedded and indexed for a chunk: title and heading path on a line, the context on the next, and the text.
// Of what comes before the text at most limits.preface: the context goes first (it is cut), then the title, then outer
// headings; a heading that the text itself begins with is not said again. A summary stands in the text's place.
std::string EmbeddedText(const Document& document, const Chunk& chunk, const ChunkLimits& limits,
                         const TokenCounter* counter);

}  // namespace atelier
