#include "knowledge/whole_corpus.h"

#include <utility>

namespace atelier {
namespace {

constexpr int32_t kListedAtOnce = 64;
constexpr int64_t kHeadBytes = 40;  // of a source's number and line breaks in the prompt

}  // namespace

Result<std::vector<Passage>> WholeDocuments(const Corpus& corpus, const Filter& filter, const Filter& visible,
                                            int64_t most) {
  std::vector<Passage> passages;
  if (!corpus.capabilities().Has(CorpusCapability::kListing)) return passages;
  int64_t num_bytes = 0;
  std::string after;
  while (true) {
    TRY(const auto listings, corpus.List(filter, visible, after, kListedAtOnce));
    for (const DocumentListing& listing : listings) {
      num_bytes += listing.num_bytes + static_cast<int64_t>(listing.title.size()) + kHeadBytes;
      if (num_bytes > most) return std::vector<Passage>();
      Passage& passage = passages.emplace_back();
      passage.document_id = after = listing.id;
      passage.title = listing.title;
      passage.attributes = listing.attributes;
      TRY(passage.text, corpus.Read(listing.id, {0, listing.num_bytes}, visible));
      passage.shown = passage.text;
      passage.chunk.span = passage.chunk.shown = {0, static_cast<int64_t>(passage.text.size())};
    }
    if (listings.size() < static_cast<size_t>(kListedAtOnce)) return passages;
  }
}

}  // namespace atelier
