// What batches of a log come to: the records that live in the end, and all ids that they name.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "knowledge/index/index_record.h"

namespace atelier {

class LogContent {
 public:
  void Add(IndexBatch batch) {
    for (const std::string& id : batch.removed) Remove(id);
    for (IndexRecord& record : batch.put) {
      Remove(record.id);
      latest_[record.id] = records_.size();
      records_.push_back(std::move(record));
    }
  }
  std::vector<const IndexRecord*> Living() const {
    std::vector<const IndexRecord*> living;
    for (size_t i = 0; i < records_.size(); ++i) {
      if (latest_.at(records_[i].id) == i) living.push_back(&records_[i]);
    }
    return living;
  }
  // A place of none: the id was removed.
  const std::map<std::string, size_t>& ids() const { return latest_; }

 private:
  void Remove(const std::string& id) {
    size_t& place = latest_.try_emplace(id, kNone).first->second;
    if (place != kNone) {
      records_[place].payload = {};
      records_[place].texts = {};
    }
    place = kNone;
  }

  static constexpr size_t kNone = static_cast<size_t>(-1);
  std::vector<IndexRecord> records_;
  std::map<std::string, size_t> latest_;
};

}  // namespace atelier
