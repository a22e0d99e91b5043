#include "knowledge/reembedding.h"

#include <map>
#include <utility>

#include "knowledge/chunk/embed_chunks.h"
#include "knowledge/corpus/corpus_record.h"
#include "knowledge/index/index_copy.h"
#include "knowledge/retrieve/embedder_profile.h"
#include "provider/embed_truncated.h"

namespace atelier {
namespace {

constexpr int64_t kRecordsAtOnce = 128;  // embedded and committed together

// A chunk's record, with what its vector is made of.
struct ChunkToEmbed {
  IndexRecord* record;
  Passage passage;
};

Result<std::vector<ChunkToEmbed>> ChunksOf(std::vector<IndexRecord>& records) {
  std::vector<ChunkToEmbed> chunks;
  for (IndexRecord& record : records) {
    if (record.attributes[kKindAttribute] != Json("chunk")) continue;
    TRY(Passage passage, PassageOf(record));
    chunks.push_back({&record, std::move(passage)});
  }
  return chunks;
}

// The text that is embedded of a chunk. Its body is all of its document that matters.
std::string TextOfChunk(const ChunkToEmbed& chunk, const ChunkLimits& limits, const TokenCounter* counter) {
  Document document;
  document.title = chunk.passage.title;
  for (const FieldText& text : chunk.record->texts) {
    if (text.field == "body") document.text = text.text;
  }
  Chunk alone = chunk.passage.chunk;
  alone.span = {0, static_cast<int64_t>(document.text.size())};
  return EmbeddedText(document, alone, limits, counter);
}

// A whole document and all its chunks, as they were cut.
struct WholeDocument {
  Document document;
  Chunking chunking;
};

Result<WholeDocument> ReadWhole(const HybridIndex& source, const std::string& document_id, const ChunkLimits& limits) {
  WholeDocument whole;
  whole.chunking.limits = limits, whole.chunking.late = true;
  TRY(const std::optional<IndexRecord> record, source.Get(DocumentRecordId(document_id), {}));
  if (!record) return whole;  // removed meanwhile: the next step sees it
  whole.document.id = document_id;
  whole.document.text = record->payload;
  for (size_t i = 0;; ++i) {
    TRY(const std::optional<IndexRecord> chunk, source.Get(ChunkRecordId(document_id, i), {}));
    if (!chunk) return whole;
    TRY(Passage passage, PassageOf(*chunk));
    whole.document.title = passage.title;
    whole.chunking.chunks.push_back(std::move(passage.chunk));
  }
}

class Reembedding {
 public:
  Reembedding(Call call, const HybridIndex& source, HybridIndex& target, PreparationConfig config,
              PreparationTools tools)
      : call_(std::move(call)),
        source_(source),
        target_(target),
        config_(std::move(config)),
        tools_(std::move(tools)) {}

  Task<Result<int64_t>> Run(std::function<void(const ReembedProgress&)> on_progress) {
    CO_TRY(const ChunkerEntry* method, FindChunker(config_.chunking.method));
    CO_TRY(limits_, LimitsOf(*method, config_.chunking, tools_.chunk));
    ReembedProgress progress;
    for (;;) {
      if (call_.stop.stop_requested()) co_return Error::Cancelled("", "stopped; what was embedded is kept");
      auto compare = [this] { return NextCopyStep(source_, target_, kRecordsAtOnce); };
      auto comparing = OnPool(*tools_.pool, compare);
      CO_TRY(CopyStep step, co_await comparing);
      const auto num_records = static_cast<int64_t>(step.batch.put.size());
      if (num_records == 0 && step.batch.removed.empty() && step.num_left == 0) co_return progress.num_done;
      CO_TRY_VOID(co_await Embed(step.batch.put));
      auto put = [this, &step] { return target_.Apply(std::move(step.batch)); };
      auto putting = OnPool(*tools_.pool, put);
      CO_TRY_VOID(co_await putting);
      progress.num_done += num_records, progress.num_left = step.num_left;
      if (on_progress) on_progress(progress);
    }
  }

 private:
  Task<Result<void>> Embed(std::vector<IndexRecord>& records) {
    if (config_.embedder.empty()) co_return Result<void>();
    CO_TRY(std::vector<ChunkToEmbed> chunks, ChunksOf(records));
    if (chunks.empty()) co_return Result<void>();
    if (config_.chunking.method == "late") co_return co_await EmbedLate(std::move(chunks));
    EmbeddingRequest request;
    request.model = config_.embedder;
    const std::string prefix = ProfileOf(config_.embedder).passage_prefix;
    for (const ChunkToEmbed& chunk : chunks) {
      request.inputs.emplace_back(TextPrompt{prefix + TextOfChunk(chunk, limits_, tools_.chunk.counter.get())});
    }
    CO_TRY(Embeddings embeddings, co_await EmbedTruncated(call_, *tools_.chunk.embedder, std::move(request)));
    for (size_t i = 0; i < chunks.size(); ++i) chunks[i].record->vector = std::move(embeddings.vectors[i]);
    co_return Result<void>();
  }

  Task<Result<void>> EmbedLate(std::vector<ChunkToEmbed> chunks) {
    std::map<std::string, std::vector<ChunkToEmbed*>> by_document;
    for (ChunkToEmbed& chunk : chunks) by_document[chunk.passage.document_id].push_back(&chunk);
    for (auto& [id, wanted] : by_document) {
      auto read = [this, &id] { return ReadWhole(source_, id, limits_); };
      auto reading = OnPool(*tools_.pool, read);
      CO_TRY(const WholeDocument whole, co_await reading);
      auto embedding = EmbedChunks(call_, whole.document, whole.chunking, tools_.chunk);
      CO_TRY(const auto vectors, co_await embedding);
      for (ChunkToEmbed* chunk : wanted) {
        const auto index = static_cast<size_t>(chunk->passage.chunk_index);
        if (index < vectors.size()) chunk->record->vector = vectors[index];
      }
    }
    co_return Result<void>();
  }

  const Call call_;
  const HybridIndex& source_;
  HybridIndex& target_;
  const PreparationConfig config_;
  const PreparationTools tools_;
  ChunkLimits limits_;
};

}  // namespace

Task<Result<int64_t>> ReembedDifferences(Call call, const HybridIndex& source, HybridIndex& target,
                                         PreparationConfig config, PreparationTools tools,
                                         std::function<void(const ReembedProgress&)> on_progress) {
  Reembedding running(std::move(call), source, target, std::move(config), std::move(tools));
  co_return co_await running.Run(std::move(on_progress));
}

}  // namespace atelier
