#include "app/vector_store_ingest.h"

#include <algorithm>
#include <utility>

#include "app/corpus_tools.h"
#include "app/file_store.h"
#include "app/vector_store_corpora.h"
#include "base/task/pool.h"

namespace atelier {
namespace {

constexpr int32_t kPriority = 1000;  // the lowest that a request may say

// As OpenAI names them.
std::string_view CodeOf(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kUnsupported: return "unsupported_file";
    case ErrorKind::kInvalid:
    case ErrorKind::kTooLarge:
    case ErrorKind::kNotFound: return "invalid_file";
    default: return "server_error";
  }
}

// Whether it may go better later.
bool IsPassing(const Error& error) {
  return error.kind == ErrorKind::kExhausted || error.kind == ErrorKind::kCancelled;
}

Result<Source> ReadStored(FileStore& files, const VectorStoreFile& file, int64_t most_bytes) {
  TRY(const StoredFile stored, files.Get(file.id));
  if (stored.num_bytes > most_bytes) {
    return Error::TooLarge(
        "file", "got " + std::to_string(stored.num_bytes) + " bytes, want at most " + std::to_string(most_bytes));
  }
  TRY(const std::unique_ptr<File> content, files.OpenContent(file.id));
  Source source;
  source.id = DocumentIdOf(file);
  source.bytes.resize(static_cast<size_t>(stored.num_bytes));
  TRY(const size_t num_read, content->ReadAt(0, std::as_writable_bytes(std::span(source.bytes))));
  source.bytes.resize(num_read);
  return source;
}

// What the file asks for, and no more than the embedding model reads.
std::optional<VectorChunking> FittingChunking(const VectorStoreFile& file, const PreparationTools& tools) {
  if (!file.chunking) return std::nullopt;
  VectorChunking chunking = *file.chunking;
  if (tools.chunk.max_tokens > 0) chunking.chunk_tokens = std::min(chunking.chunk_tokens, tools.chunk.max_tokens);
  chunking.overlap_tokens = std::min(chunking.overlap_tokens, chunking.chunk_tokens / 2);
  return chunking;
}

// Without a tokenizer at hand tokens are taken for four characters.
void SetChunking(const std::optional<VectorChunking>& chunking, const PreparationTools& tools, ChunkOptions& options) {
  constexpr int64_t kCharacters = 4;
  if (!chunking) return;
  const int64_t scale = tools.chunk.counter == nullptr ? kCharacters : 1;
  options = ChunkOptions();
  options.unit = tools.chunk.counter == nullptr ? "characters" : "tokens";
  options.limit = chunking->chunk_tokens * scale;
  options.overlap = chunking->overlap_tokens * scale;
}

int64_t UsageOf(const Prepared& prepared, int32_t dimensions) {
  int64_t num_bytes = 0;
  for (const IndexedDocument& document : prepared.documents) {
    num_bytes += static_cast<int64_t>(document.document.text.size());
  }
  return num_bytes + static_cast<int64_t>(prepared.num_parts() * sizeof(float)) * dimensions;
}

Task<Result<VectorStoreCorpora::Ingested>> Prepare(App& app, Call call, VectorStoreFile file) {
  auto open = [&] { return app.vector_store_corpora().Open(file.store_id); };
  auto opening = OnPool(app.pool(), open);
  CO_TRY(const std::shared_ptr<OpenedCorpus> corpus, co_await opening);
  PreparationConfig config = PreparationFor(corpus->config);
  config.priority = kPriority;
  auto read = [&] { return ReadStored(app.files(), file, config.loading.limits.source_bytes); };
  auto reading = OnPool(app.pool(), read);
  CO_TRY(Source source, co_await reading);
  auto find = [&] { return ToolsFor(app, corpus->config); };
  auto finding = OnPool(app.pool(), find);
  CO_TRY(const PreparationTools tools, co_await finding);
  VectorStoreCorpora::Ingested ingested;
  ingested.chunking = FittingChunking(file, tools);
  SetChunking(ingested.chunking, tools, config.chunking);
  CO_TRY(std::vector<Document> documents, co_await ReadSource(call, std::move(source), Json::Object(), config, tools));
  const SourceState state;  // sent, not read from a folder
  CO_TRY(ingested.prepared, co_await CutDocuments(call, file.id, state, std::move(documents), config, tools));
  if (ingested.prepared.num_parts() == 0) co_return Error::Invalid("file", "there is no text in it");
  std::vector<Prepared> sources;
  sources.push_back(std::move(ingested.prepared));
  CO_TRY_VOID(co_await EmbedPrepared(call, sources, *corpus->corpus, config, tools));
  ingested.prepared = std::move(sources[0]);
  ingested.usage_bytes = UsageOf(ingested.prepared, corpus->corpus->dimensions());
  co_return ingested;
}

}  // namespace

Task<Result<void>> IngestVectorStoreFile(App& app, Call call, VectorStoreFile file) {
  call.principal = file.principal;
  Result<VectorStoreCorpora::Ingested> ingested = co_await Prepare(app, call, file);
  if (!ingested.ok() && (IsPassing(ingested.error()) || call.stop.stop_requested())) co_return ingested.error();
  auto end = [&]() -> Result<void> {
    if (!ingested.ok()) {
      return app.vector_store_corpora().Fail(file, CodeOf(ingested.error()), ingested.error().Message());
    }
    TRY_VOID(app.vector_store_corpora().Put(file, std::move(*ingested)));
    return {};
  };
  auto ending = OnPool(app.pool(), end);
  auto ended = co_await ending;
  co_return ended;
}

}  // namespace atelier
