// From a source's bytes to what a corpus takes: loaded, cut into chunks, embedded.
//
// Documents are loaded and cut one after the other and embedded together, so that the embedder gets full batches
// however small they are. A chunk that says what one of its source's chunks said before keeps that vector. Where
// vectors are late, they depend on the whole document and on the chunk's place in it, and are known by both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/task/call.h"
#include "base/task/pool.h"
#include "base/task/task.h"
#include "knowledge/chunk/chunker.h"
#include "knowledge/corpus/corpus.h"
#include "knowledge/load/loader.h"

namespace atelier {

struct PreparationConfig {
  ChunkOptions chunking;
  LoadOptions loading;
  std::string embedder;    // empty: nothing is embedded
  int64_t max_tokens = 0;  // of a text that are embedded; 0: what the model reads
  int32_t priority = 0;    // of embedding; higher numbers wait for lower ones
};

struct PreparationTools {
  ChunkTools chunk;
  Pool* pool = nullptr;
};

// A source under way: its documents are cut, and wait for their vectors.
struct Prepared {
  std::string source_id;
  std::vector<IndexedDocument> documents;
  std::vector<std::string> texts;  // what is embedded, of all parts of all documents in order
  // A document each: the limits of its chunks where their vectors are late (EmbedChunks).
  std::vector<std::optional<ChunkLimits>> late;
  int64_t model_tokens = 0;  // of a chat model, that cutting took
  size_t num_parts() const { return texts.size(); }
};

// Reads a source's documents; `attributes` are added to those of each. Errors: LoadDocuments'; kInvalid for attributes
// that begin with '@' or '$'.
Task<Result<std::vector<Document>>> ReadSource(Call call, Source source, Json attributes, PreparationConfig config,
                                               PreparationTools tools);

// Cuts the documents of a source. Errors: Split's.
Task<Result<Prepared>> CutDocuments(Call call, std::string source_id, SourceState state,
                                    std::vector<Document> documents, PreparationConfig config, PreparationTools tools);

// Gives every part its vector: one that `corpus` has for the same text and source, else the embedder's.
// Returns how many were embedded.
Task<Result<int64_t>> EmbedPrepared(Call call, std::vector<Prepared>& prepared, const Corpus& corpus,
                                    PreparationConfig config, PreparationTools tools);

// Replaces each source by its documents, as one commit. Blocks.
Result<void> PutPrepared(std::vector<Prepared> prepared, Corpus& corpus);

}  // namespace atelier
