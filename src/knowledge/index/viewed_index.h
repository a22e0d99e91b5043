// An index as it is read, whoever writes it: every read takes the view that counts now (View) and is of that one
// commit. What opening and following have in common is here too: how segments are opened, and how a log is put on top.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "knowledge/index/hybrid_index.h"
#include "knowledge/index/index_view.h"
#include "knowledge/index/log_content.h"
#include "knowledge/index/manifest.h"

namespace atelier {

class ViewedIndex : public HybridIndex {
 public:
  const IndexSchema& schema() const final { return schema_; }
  Result<IndexHits> Search(const IndexQuery& query) const final;
  Result<std::optional<IndexRecord>> Get(std::string_view id, const Filter& visible) const final;
  Result<std::optional<Json>> GetAttributes(std::string_view id, const Filter& visible) const final;
  Result<std::optional<std::string>> GetPayload(std::string_view id, int64_t begin, int64_t end,
                                                const Filter& visible) const final;
  Result<std::optional<PayloadView>> ViewPayload(std::string_view id, int64_t begin, int64_t end,
                                                 const Filter& visible) const final;
  Result<std::optional<std::vector<float>>> GetVector(std::string_view id) const final;
  Result<std::vector<std::string>> List(const Filter& filter, const Filter& visible, std::string_view after,
                                        int32_t limit) const final;
  Result<int64_t> Count(const Filter& filter, const Filter& visible) const final;
  Result<std::vector<IndexSuggestion>> Suggest(std::string_view typed, const Filter& visible,
                                               int32_t limit) const final;
  Result<void> Export(const std::function<Result<void>(const Json& record)>& visit) const final;
  Result<std::vector<RecordFingerprint>> Fingerprints() const final;
  Result<void> Snapshot(const std::string& folder) const final;

 protected:
  ViewedIndex(Files& files, std::string folder, IndexSchema schema)
      : files_(files), folder_(std::move(folder)), schema_(std::move(schema)) {}

  // What counts now; never null.
  virtual Result<std::shared_ptr<const IndexView>> View() const = 0;

  std::string Path(std::string_view name) const { return JoinPath(folder_, name); }
  Result<IndexPart> OpenSegment(const ManifestSegment& entry, bool verify) const;
  Result<IndexPart> OpenInMemory(NewSegment segment) const;
  // What the log names dies in `parts`; what lives of it is a new part, in memory.
  Result<std::vector<IndexPart>> PutOnTop(std::vector<IndexPart> parts, const LogContent& content) const;
  // With the ids of the records that lived in it and are in no other segment of `view`.
  IndexProblem DescribeProblem(const ManifestProblem& problem, const IndexView& view) const;
  // Writes a part to `folder`: linked if it is a file there still, else written anew.
  Result<void> CopyPart(const IndexPart& part, const std::string& path) const;
  // Of the parts of a view.
  static IndexStats StatsOf(const IndexView& view);

  Files& files_;
  const std::string folder_;
  const IndexSchema schema_;
};

// All of a segment's records live but `deleted`.
std::shared_ptr<const Bitmap> LiveOf(uint32_t num_records, const std::vector<uint32_t>& deleted);

}  // namespace atelier
