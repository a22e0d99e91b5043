#include "knowledge/chunk/embed_chunks.h"

#include <algorithm>
#include <cmath>

#include "knowledge/chunk/windows.h"

namespace atelier {
namespace {

using Vectors = std::vector<std::vector<float>>;

constexpr size_t kBatch = 64;  // texts a request: no queue is filled by one document

// Sums of tokens by the chunks that they stand in.
class LatePool {
 public:
  explicit LatePool(const std::vector<Chunk>& chunks) : chunks_(chunks), sums_(chunks.size()) {}

  // Takes the tokens of a window at `begin` that stand in [from, to) of the document.
  void Take(const TokenVectors& tokens, size_t size, int64_t begin, int64_t from, int64_t to) {
    for (size_t i = 0; i < tokens.spans.size(); ++i) {
      const float* values = tokens.values.data() + i * size;
      const TextSpan span{begin + tokens.spans[i].begin, begin + tokens.spans[i].end};
      if (!span.empty()) {
        if (span.begin >= from && span.begin < to) AddToAll(span, values, size);
      } else if (i == 0 && from == 0) {
        Add(0, values, size);
      } else if (i + 1 == tokens.spans.size() && to == INT64_MAX) {
        Add(chunks_.size() - 1, values, size);
      }
    }
  }

  // Means of length 1; empty where a chunk has no token.
  Vectors Finish() {
    for (std::vector<float>& sum : sums_) {
      double square = 0;
      for (const float value : sum) square += static_cast<double>(value) * value;
      const double length = std::sqrt(square);
      if (length <= 0) sum.clear();
      for (float& value : sum) value = static_cast<float>(value / length);
    }
    return std::move(sums_);
  }

 private:
  // Chunks are in order of begin and of end, so those that hold a token stand together.
  void AddToAll(TextSpan token, const float* values, size_t size) {
    const auto ends_after =
        std::ranges::upper_bound(chunks_, token.begin, {}, [](const Chunk& c) { return c.span.end; });
    for (auto i = static_cast<size_t>(ends_after - chunks_.begin()); i < chunks_.size(); ++i) {
      if (chunks_[i].span.begin > token.begin) break;
      Add(i, values, size);
    }
  }
  void Add(size_t chunk, const float* values, size_t size) {
    sums_[chunk].resize(size);
    for (size_t k = 0; k < size; ++k) sums_[chunk][k] += values[k];
  }

  const std::vector<Chunk>& chunks_;
  Vectors sums_;
};

// Fills what is empty among `vectors` from the chunks' own texts.
Task<Result<Vectors>> EmbedAlone(Call call, const Document& document, const Chunking& chunking, ChunkTools tools,
                                 Vectors vectors) {
  std::vector<size_t> wanted;
  for (size_t i = 0; i < vectors.size(); ++i) {
    if (vectors[i].empty()) wanted.push_back(i);
  }
  for (size_t first = 0; first < wanted.size(); first += kBatch) {
    const size_t last = std::min(wanted.size(), first + kBatch);
    EmbeddingRequest request;
    request.model = tools.embedding_model;
    for (size_t i = first; i < last; ++i) {
      const Chunk& chunk = chunking.chunks[wanted[i]];
      request.inputs.emplace_back(TextPrompt{EmbeddedText(document, chunk, chunking.limits, tools.counter.get())});
    }
    CO_TRY(Embeddings embeddings, co_await tools.embedder->Embed(call, std::move(request)));
    if (embeddings.vectors.size() != last - first) {
      co_return Error::Unavailable(tools.embedding_model, "got " + std::to_string(embeddings.vectors.size()) +
                                                              " vectors, want " + std::to_string(last - first));
    }
    for (size_t i = first; i < last; ++i) vectors[wanted[i]] = std::move(embeddings.vectors[i - first]);
  }
  co_return vectors;
}

Task<Result<Vectors>> EmbedLate(Call call, const Document& document, const Chunking& chunking, ChunkTools tools) {
  CO_TRY(const EmbedderDetails details, co_await tools.embedder->DescribeEmbedder(call, tools.embedding_model));
  if (!details.token_vectors || details.counter == nullptr || details.max_tokens <= 0) {
    co_return Error::Unsupported(tools.embedding_model, "got late chunks, want an embedder with vectors of tokens");
  }
  const Measure measure(document.text, ChunkUnit::kTokens, details.counter.get());
  ChunkLimits limits;
  limits.limit = details.max_tokens, limits.overlap = details.max_tokens / 4;
  const std::vector<TextSpan> windows = Windows(measure, limits, WindowBorders::kWords);
  LatePool pool(chunking.chunks);
  int64_t from = 0;
  for (size_t i = 0; i < windows.size(); ++i) {
    const bool is_last = i + 1 == windows.size();
    const int64_t to = is_last ? INT64_MAX : (windows[i + 1].begin + windows[i].end) / 2;
    EmbeddingRequest request;
    request.model = tools.embedding_model;
    request.token_vectors = true;
    request.inputs.emplace_back(TextPrompt{std::string(TextOf(document.text, windows[i]))});
    CO_TRY(const Embeddings embeddings, co_await tools.embedder->Embed(call, std::move(request)));
    const bool whole = embeddings.tokens.size() == 1 && !embeddings.tokens[0].spans.empty() &&
                       embeddings.tokens[0].values.size() % embeddings.tokens[0].spans.size() == 0;
    if (!whole) co_return Error::Unavailable(tools.embedding_model, "got no vectors of tokens, want one a token");
    const TokenVectors& tokens = embeddings.tokens[0];
    pool.Take(tokens, tokens.values.size() / tokens.spans.size(), windows[i].begin, from, to);
    from = to;
  }
  co_return pool.Finish();
}

}  // namespace

Task<Result<Vectors>> EmbedChunks(Call call, const Document& document, const Chunking& chunking, ChunkTools tools) {
  Vectors vectors(chunking.chunks.size());
  if (vectors.empty()) co_return vectors;
  if (tools.embedder == nullptr) co_return Error::Unsupported("embedder", "got none, want one to embed chunks");
  if (chunking.late) {
    auto late = EmbedLate(call, document, chunking, tools);
    CO_TRY(vectors, co_await late);
  }
  auto alone = EmbedAlone(std::move(call), document, chunking, std::move(tools), std::move(vectors));
  auto embedded = co_await alone;
  co_return embedded;
}

}  // namespace atelier
