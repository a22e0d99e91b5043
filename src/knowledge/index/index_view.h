// What an index is at one moment: segments, and which of their records live. Immutable; readers hold one and see one
// commit, whatever is written meanwhile. All reading is here. Thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bitmap.h"
#include "base/result.h"
#include "knowledge/index/hybrid_index.h"
#include "knowledge/index/segment.h"
#include "knowledge/index/text/text_view.h"

namespace atelier {

struct IndexPart {
  std::shared_ptr<const Segment> segment;
  std::shared_ptr<const Bitmap> live;  // null: all
  uint32_t num_live = 0;
  uint64_t file_number = 0;  // 0: it is in memory, and in the log

  bool IsLive(uint32_t record) const { return live == nullptr || live->Has(record); }
  // What its live records take, about.
  int64_t LiveBytes() const {
    return segment->file().size_bytes() * num_live / std::max<int64_t>(segment->num_records(), 1);
  }
};

class IndexView {
 public:
  // Parts in order of age, the oldest first.   REQUIRES: no id lives in two of them.
  IndexView(std::vector<IndexPart> parts, IndexSchema schema);
  ~IndexView();

  const std::vector<IndexPart>& parts() const { return parts_; }

  struct Place {
    size_t part = 0;
    uint32_t record = 0;
  };
  // Where the living record of that id is, if `visible` shows it.   REQUIRES: CheckFilter passes.
  std::optional<Place> Find(std::string_view id, const Filter& visible) const;
  const Segment& SegmentOf(Place place) const { return *parts_[place.part].segment; }

  // REQUIRES of these: CheckFilter passes for the filters; the vector is empty or fits the schema.
  Result<IndexHits> Search(const IndexQuery& query) const;
  std::vector<std::string> List(const Filter& filter, const Filter& visible, std::string_view after,
                                int32_t limit) const;
  int64_t Count(const Filter& filter, const Filter& visible) const;
  Result<std::vector<IndexSuggestion>> Suggest(std::string_view typed, const Filter& visible, int32_t limit) const;
  // Every living record in order of id.
  Result<void> ForEach(const std::function<Result<void>(Place)>& visit) const;

 private:
  // What one asker may see, kept for his next question.
  struct Scope {
    std::string key;                                     // of the filter
    std::vector<std::shared_ptr<const Bitmap>> counted;  // a part each; null: all of it
    std::vector<size_t> text_parts;                      // the parts that have texts ...
    std::unique_ptr<TextView> text;                      // ... which are the view's parts
  };
  static constexpr size_t kMaxScopes = 16;

  // A part's records that match: null for all of it.
  using Matching = std::vector<std::shared_ptr<const Bitmap>>;

  std::shared_ptr<const Scope> ScopeOf(const Filter& visible) const;
  Matching MatchingOf(const Scope& scope, const Filter& filter) const;
  void SearchText(const IndexQuery& query, const Scope& scope, const Matching& matching, Matching* found,
                  IndexHits& hits) const;
  void SearchVectors(const IndexQuery& query, const Matching& matching, IndexHits& hits) const;
  std::vector<IndexFacet> CountFacets(const IndexQuery& query, const Matching& found) const;

  const std::vector<IndexPart> parts_;
  const IndexSchema schema_;
  mutable std::mutex scopes_mutex_;
  mutable std::list<std::shared_ptr<const Scope>> scopes_;  // the last used first
};

}  // namespace atelier
