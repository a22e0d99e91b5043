#include "knowledge/preparation.h"

#include <map>

#include "base/io/sha256.h"
#include "knowledge/chunk/embed_chunks.h"
#include "knowledge/retrieve/embedder_profile.h"
#include "provider/embed_truncated.h"

namespace atelier {
namespace {

constexpr size_t kTextsAtOnce = 128;  // in one request to the embedder: fills its steps, and stops soon when asked to
constexpr size_t kHashDigits = 32;    // of SHA-256: no two texts of a source share so many

Result<void> CheckAttributes(const Json& attributes) {
  for (const JsonMember& member : attributes.members()) {
    if (member.key.starts_with('@') || member.key.starts_with('$')) {
      return Error::Invalid("attributes", "got \"" + member.key + "\", want names that begin neither with '@' nor '$'");
    }
  }
  return {};
}

IndexedDocument Assembled(Document document, Chunking chunking, const std::string& source_id,
                          const SourceState& state) {
  IndexedDocument indexed;
  indexed.source_id = source_id;
  indexed.source = state;
  for (Chunk& chunk : chunking.chunks) indexed.parts.push_back({std::move(chunk), {}, {}});
  document.marks.clear();
  indexed.document = std::move(document);
  return indexed;
}

// What makes a chunk's vector what it is, beside its text and the corpus's embedder. Late: the whole document, and the
// chunk's place in it.
std::string LateContext(const std::string& document_hash, const std::vector<Chunk>& chunks, size_t i) {
  const TextSpan span = chunks[i].span;
  return "late " + document_hash + " " + std::to_string(span.begin) + " " + std::to_string(span.end) +
         (i == 0 ? " first" : "") + (i + 1 == chunks.size() ? " last" : "") + "\n";
}

// The hashes of chunks whose embedded texts are `texts`.
std::vector<std::string> HashesOf(const Document& document, const Chunking& chunking,
                                  const std::vector<std::string>& texts) {
  const std::string document_hash = chunking.late ? Sha256Hex(document.text) : "";
  std::vector<std::string> hashes;
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string context = chunking.late ? LateContext(document_hash, chunking.chunks, i) : "";
    hashes.push_back(Sha256Hex(context + texts[i]).substr(0, kHashDigits));
  }
  return hashes;
}

// The vectors that a corpus has of the same sources, by hash.
Result<std::map<std::string, std::vector<float>>> Known(const std::vector<Prepared>& prepared, const Corpus& corpus) {
  std::map<std::string, std::vector<float>> known;
  for (const Prepared& source : prepared) {
    TRY(auto vectors, corpus.Vectors(source.source_id));
    for (auto& [hash, vector] : vectors) known.emplace(std::move(hash), std::move(vector));
  }
  return known;
}

struct Missing {
  IndexedDocument::Part* part;
  const std::string* text;
};

// What has to be embedded: parts, each by itself, and documents as a whole.
struct Wanted {
  struct Whole {
    IndexedDocument* document;
    ChunkLimits limits;
  };
  std::vector<Missing> parts;
  std::vector<Whole> documents;
};

// Gives parts the vectors that are known.
Wanted TakeKnown(std::vector<Prepared>& prepared, const std::map<std::string, std::vector<float>>& known) {
  Wanted wanted;
  for (Prepared& source : prepared) {
    size_t at = 0;
    for (size_t i = 0; i < source.documents.size(); ++i) {
      std::vector<Missing> missing;
      for (IndexedDocument::Part& part : source.documents[i].parts) {
        const std::string& text = source.texts[at++];
        const auto found = known.find(part.hash);
        if (found != known.end()) {
          part.vector = found->second;
        } else {
          missing.push_back({&part, &text});
        }
      }
      if (!source.late[i]) {
        wanted.parts.insert(wanted.parts.end(), missing.begin(), missing.end());
      } else if (!missing.empty()) {
        wanted.documents.push_back({&source.documents[i], *source.late[i]});
      }
    }
  }
  return wanted;
}

Task<Result<int64_t>> EmbedWhole(Call call, Wanted::Whole whole, ChunkTools tools) {
  Chunking chunking;
  chunking.limits = whole.limits, chunking.late = true;
  for (const IndexedDocument::Part& part : whole.document->parts) chunking.chunks.push_back(part.chunk);
  auto embedding = EmbedChunks(call, whole.document->document, chunking, tools);
  CO_TRY(std::vector<std::vector<float>> vectors, co_await embedding);
  for (size_t i = 0; i < vectors.size(); ++i) whole.document->parts[i].vector = std::move(vectors[i]);
  co_return static_cast<int64_t>(vectors.size());
}

}  // namespace

Task<Result<std::vector<Document>>> ReadSource(Call call, Source source, Json attributes, PreparationConfig config,
                                               PreparationTools tools) {
  CO_TRY_VOID(CheckAttributes(attributes));
  LoadOptions loading = config.loading;
  loading.stop = call.stop;
  auto load = [&source, &loading] { return LoadDocuments(source, loading); };
  auto loading_now = OnPool(*tools.pool, load);
  CO_TRY(std::vector<Document> documents, co_await loading_now);
  for (Document& document : documents) {
    if (!document.attributes.is_object()) document.attributes = Json::Object();
    for (const JsonMember& member : attributes.members()) document.attributes.Set(member.key, member.value);
  }
  co_return documents;
}

Task<Result<Prepared>> CutDocuments(Call call, std::string source_id, SourceState state,
                                    std::vector<Document> documents, PreparationConfig config, PreparationTools tools) {
  Prepared prepared;
  prepared.source_id = std::move(source_id);
  const std::string prefix = ProfileOf(config.embedder).passage_prefix;
  for (Document& document : documents) {
    CO_TRY(Chunking chunking, co_await Split(call, document, config.chunking, tools.chunk));
    std::vector<std::string> texts;
    for (const Chunk& chunk : chunking.chunks) {
      texts.push_back(prefix + EmbeddedText(document, chunk, chunking.limits, tools.chunk.counter.get()));
    }
    prepared.model_tokens += chunking.model_tokens;
    const std::vector<std::string> hashes = HashesOf(document, chunking, texts);
    prepared.late.push_back(chunking.late ? std::optional(chunking.limits) : std::nullopt);
    IndexedDocument indexed = Assembled(std::move(document), std::move(chunking), prepared.source_id, state);
    for (size_t i = 0; i < hashes.size(); ++i) indexed.parts[i].hash = hashes[i];
    prepared.documents.push_back(std::move(indexed));
    for (std::string& text : texts) prepared.texts.push_back(std::move(text));
  }
  co_return prepared;
}

Task<Result<int64_t>> EmbedPrepared(Call call, std::vector<Prepared>& prepared, const Corpus& corpus,
                                    PreparationConfig config, PreparationTools tools) {
  if (config.embedder.empty()) co_return 0;
  auto look = [&prepared, &corpus] { return Known(prepared, corpus); };
  auto looking = OnPool(*tools.pool, look);
  CO_TRY(auto known, co_await looking);
  const Wanted wanted = TakeKnown(prepared, known);
  int64_t num_embedded = 0;
  for (const Wanted::Whole& whole : wanted.documents) {
    CO_TRY(const int64_t num_vectors, co_await EmbedWhole(call, whole, tools.chunk));
    num_embedded += num_vectors;
  }
  const std::vector<Missing>& missing = wanted.parts;
  for (size_t begin = 0; begin < missing.size(); begin += kTextsAtOnce) {
    EmbeddingRequest request;
    request.model = config.embedder;
    request.max_tokens = config.max_tokens;
    request.priority = config.priority;
    const size_t end = std::min(missing.size(), begin + kTextsAtOnce);
    for (size_t i = begin; i < end; ++i) request.inputs.emplace_back(TextPrompt{*missing[i].text});
    CO_TRY(Embeddings embeddings, co_await EmbedTruncated(call, *tools.chunk.embedder, std::move(request)));
    for (size_t i = begin; i < end; ++i) missing[i].part->vector = std::move(embeddings.vectors[i - begin]);
  }
  co_return num_embedded + static_cast<int64_t>(missing.size());
}

Result<void> PutPrepared(std::vector<Prepared> prepared, Corpus& corpus) {
  std::vector<std::string> sources;
  std::vector<IndexedDocument> documents;
  for (Prepared& source : prepared) {
    sources.push_back(std::move(source.source_id));
    for (IndexedDocument& document : source.documents) documents.push_back(std::move(document));
  }
  return corpus.Replace(std::move(sources), std::move(documents));
}

}  // namespace atelier
