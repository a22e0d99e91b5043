#include "knowledge/index/index_copy.h"

#include <utility>

namespace atelier {
namespace {

struct Differences {
  std::vector<std::string> to_put, to_remove;
};

Differences Compare(const std::vector<RecordFingerprint>& source, const std::vector<RecordFingerprint>& target) {
  Differences differences;
  size_t at = 0;
  for (const RecordFingerprint& wanted : source) {
    for (; at < target.size() && target[at].id < wanted.id; ++at) differences.to_remove.push_back(target[at].id);
    const bool has = at < target.size() && target[at].id == wanted.id;
    if (!has || target[at].fingerprint != wanted.fingerprint) differences.to_put.push_back(wanted.id);
    if (has) ++at;
  }
  for (; at < target.size(); ++at) differences.to_remove.push_back(target[at].id);
  return differences;
}

}  // namespace

Result<CopyStep> NextCopyStep(const HybridIndex& source, const HybridIndex& target, int64_t max_records) {
  TRY(const std::vector<RecordFingerprint> wanted, source.Fingerprints());
  TRY(const std::vector<RecordFingerprint> there, target.Fingerprints());
  Differences differences = Compare(wanted, there);
  CopyStep step;
  step.batch.removed = std::move(differences.to_remove);
  int64_t num_tried = 0;
  for (const std::string& id : differences.to_put) {
    if (num_tried == max_records) break;
    ++num_tried;
    // One that was removed meanwhile is seen the next time.
    TRY(std::optional<IndexRecord> record, source.Get(id, {}));
    if (record) step.batch.put.push_back(*std::move(record));
  }
  step.num_left = static_cast<int64_t>(differences.to_put.size()) - num_tried;
  return step;
}

}  // namespace atelier
