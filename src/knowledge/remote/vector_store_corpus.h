// A vector store that another program keeps, as a corpus that is read: OpenAI's, another Atelier's, or whatever speaks
// that API. The other program searches and ranks; no embedder is wanted here.
//
// What is to be had of its files are the pieces that searches return. So each piece is a document of its own, called
// FILE_ID/FILENAME!/HASH (of its text), whose spans are bytes of the piece: quotes stand in what the store returned,
// and are checked against that. The latest pieces are kept for it (excerpts.h); one that nobody asked for lately is not
// there any more.
//
// What the asker may see is asked for as a filter, and what comes is held against it once more. Which part what is
// hidden had in the scores, only the other program knows.
#pragma once

#include <memory>
#include <string>

#include "knowledge/corpus/corpus.h"
#include "knowledge/remote/excerpts.h"
#include "knowledge/remote/store_search.h"
#include "knowledge/remote/waiting_upstream.h"

namespace atelier {

struct VectorStoreCorpusOptions {
  std::string id;                           // of the store
  std::string language = "en";              // of its texts: how sentences are compared with a question
  std::chrono::milliseconds limit{60'000};  // of a search
  bool rewrite_query = false;
};

class VectorStoreCorpus final : public Corpus {
 public:
  // Nothing is asked yet. Errors: kInvalid where the base URL is none.
  static Result<std::unique_ptr<VectorStoreCorpus>> Create(UpstreamOptions upstream, VectorStoreCorpusOptions options);

  std::string embedder() const override { return ""; }
  int32_t dimensions() const override { return 0; }
  std::string language() const override { return options_.language; }
  CorpusCapabilities capabilities() const override;
  // Errors: kNotFound (the store), kUnavailable (no connection, a key that is not taken, an answer that is none),
  // kTimeout, kTooLarge, kExhausted; kInvalid for more results than the API gives.
  Result<std::vector<Found>> Search(const CorpusQuery& query) const override;
  Result<std::vector<Passage>> Passages(const std::vector<std::string>& chunk_ids,
                                        const Filter& visible) const override;
  Result<std::string> Read(std::string_view document_id, TextSpan span, const Filter& visible) const override;
  // Of the whole store, as it says.
  Result<CorpusStats> Stats() const override;

  Result<void> Replace(std::vector<std::string> sources, std::vector<IndexedDocument> documents) override;
  Result<void> Touch(std::vector<std::pair<std::string, SourceState>> sources) override;
  Result<void> SetAttributes(std::string_view source_id, const Json& attributes) override;
  Result<std::vector<DocumentListing>> List(const Filter& filter, const Filter& visible, std::string_view after,
                                            int32_t limit) const override;
  Result<std::vector<std::pair<std::string, std::vector<float>>>> Vectors(std::string_view source_id) const override;

 private:
  VectorStoreCorpus(VectorStoreCorpusOptions options, std::unique_ptr<WaitingUpstream> upstream)
      : options_(std::move(options)), upstream_(std::move(upstream)) {}
  Error NotAsTheApiSays(const Error& error) const;
  Error Worded(Error error) const;

  const VectorStoreCorpusOptions options_;
  const std::unique_ptr<WaitingUpstream> upstream_;
  mutable Excerpts excerpts_{int64_t{64} << 20};
};

}  // namespace atelier
