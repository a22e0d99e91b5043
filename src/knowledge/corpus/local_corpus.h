// A corpus on this machine: a HybridIndex in a folder.
#pragma once

#include <memory>
#include <string>

#include "base/io/files.h"
#include "knowledge/corpus/corpus.h"
#include "knowledge/index/hybrid_index.h"

namespace atelier {

struct LocalCorpusOptions {
  std::string embedder;    // empty: words alone
  int32_t dimensions = 0;  // of its vectors
  std::string language = "en";
};

class LocalCorpus final : public Corpus {
 public:
  // Opens or makes the corpus in `folder`. Errors: the index's; kConflict names the embedder that it was made with.
  static Result<std::unique_ptr<LocalCorpus>> Open(Files& files, const std::string& folder, LocalCorpusOptions options);
  // For reading alone, beside whoever writes it (HybridIndex::Follow), with what it was made with.
  static Result<std::unique_ptr<LocalCorpus>> Follow(Files& files, const std::string& folder);
  explicit LocalCorpus(std::unique_ptr<HybridIndex> index, LocalCorpusOptions options);

  HybridIndex& index() { return *index_; }
  const HybridIndex& index() const { return *index_; }

  std::string embedder() const override { return options_.embedder; }
  int32_t dimensions() const override { return options_.dimensions; }
  std::string language() const override { return options_.language; }
  CorpusCapabilities capabilities() const override;
  Result<void> Replace(std::vector<std::string> sources, std::vector<IndexedDocument> documents) override;
  Result<void> Touch(std::vector<std::pair<std::string, SourceState>> sources) override;
  Result<void> SetAttributes(std::string_view source_id, const Json& attributes) override;
  Result<std::vector<Found>> Search(const CorpusQuery& query) const override;
  Result<std::vector<Facet>> Facets(std::string_view text, const Filter& filter, const Filter& visible,
                                    const std::vector<std::string>& keys, int32_t max_values) const override;
  Result<std::vector<Suggestion>> Suggest(std::string_view typed, const Filter& visible, int32_t limit) const override;
  Result<std::vector<Passage>> Passages(const std::vector<std::string>& chunk_ids,
                                        const Filter& visible) const override;
  Result<std::string> Read(std::string_view document_id, TextSpan span, const Filter& visible) const override;
  Result<std::vector<DocumentListing>> List(const Filter& filter, const Filter& visible, std::string_view after,
                                            int32_t limit) const override;
  Result<std::vector<std::pair<std::string, std::vector<float>>>> Vectors(std::string_view source_id) const override;
  Result<std::vector<std::vector<float>>> ChunkVectors(const std::vector<std::string>& chunk_ids) const override;
  Result<CorpusStats> Stats() const override;

 private:
  Result<std::vector<std::string>> RecordsFrom(std::string_view source_id) const;

  std::unique_ptr<HybridIndex> index_;
  LocalCorpusOptions options_;
};

}  // namespace atelier
