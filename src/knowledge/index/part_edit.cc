#include "knowledge/index/part_edit.h"

#include <algorithm>
#include <utility>

namespace atelier {

void PartEdit::Kill(std::string_view id) {
  for (size_t i = parts_.size(); i-- > 0;) {
    IndexPart& part = parts_[i];
    const auto record = part.segment->Find(id);
    if (!record || !part.IsLive(*record)) continue;
    if (own_[i] == nullptr) {
      own_[i] = part.live == nullptr ? std::make_shared<Bitmap>(part.segment->num_records(), true)
                                     : std::make_shared<Bitmap>(*part.live);
      part.live = own_[i];
    }
    own_[i]->Remove(*record);
    --part.num_live;
    return;
  }
}

void PartEdit::Add(IndexPart part) {
  parts_.push_back(std::move(part));
  own_.emplace_back();
}

std::vector<IndexPart> PartEdit::Take() && {
  std::erase_if(parts_, [](const IndexPart& part) { return part.num_live == 0 && part.file_number == 0; });
  return std::move(parts_);
}

IndexPart WholePart(std::shared_ptr<const Segment> segment, uint64_t file_number) {
  const uint32_t num_records = segment->num_records();
  return {.segment = std::move(segment), .live = nullptr, .num_live = num_records, .file_number = file_number};
}

std::vector<uint32_t> DeletedOf(const IndexPart& part) {
  std::vector<uint32_t> deleted;
  if (part.live == nullptr) return deleted;
  Bitmap dead = *part.live;
  dead.Flip();
  dead.ForEach([&deleted](uint32_t record) { deleted.push_back(record); });
  return deleted;
}

std::vector<IndexPart> ExchangedParts(const std::vector<IndexPart>& current, const std::vector<IndexPart>& old,
                                      const IndexPart* replacement) {
  const auto find = [](const std::vector<IndexPart>& parts, const IndexPart& part) {
    return std::find_if(parts.begin(), parts.end(),
                        [&part](const IndexPart& other) { return other.segment == part.segment; });
  };
  std::vector<IndexPart> result;
  bool placed = replacement == nullptr;
  for (const IndexPart& part : current) {
    if (find(old, part) == old.end()) {
      result.push_back(part);
      continue;
    }
    if (!placed) result.push_back(*replacement);
    placed = true;
  }
  if (replacement == nullptr || !placed) return result;

  Bitmap live(replacement->segment->num_records(), true);
  uint32_t number = 0;
  for (const IndexPart& part : old) {
    const auto now = find(current, part);
    for (uint32_t record = 0; record < part.segment->num_records(); ++record) {
      if (!part.IsLive(record)) continue;
      if (now == current.end() || !now->IsLive(record)) live.Remove(number);
      ++number;
    }
  }
  const uint32_t num_live = live.Count();
  if (num_live == replacement->num_live) return result;
  const auto placed_at = find(result, *replacement);
  IndexPart& part = result[static_cast<size_t>(placed_at - result.begin())];
  part.num_live = num_live;
  part.live = std::make_shared<const Bitmap>(std::move(live));
  return result;
}

std::vector<IndexPart> PickRun(const std::vector<IndexPart>& parts, size_t fan_in, int64_t max_bytes) {
  size_t best_begin = 0, best_end = 0;
  int64_t best_bytes = 0;
  for (size_t begin = 0; begin < parts.size(); ++begin) {
    int64_t total = 0, largest = 0;
    for (size_t end = begin; end < parts.size(); ++end) {
      const int64_t bytes = parts[end].LiveBytes();
      total += bytes;
      largest = std::max(largest, bytes);
      if (total > max_bytes) break;
      const size_t count = end + 1 - begin;
      if (count < fan_in || largest * 3 > total * 2) continue;
      // Of two runs the one whose records move more cheaply; of equal ones the longer.
      if (best_end == 0 ||
          total * static_cast<int64_t>(best_end - best_begin) < best_bytes * static_cast<int64_t>(count)) {
        best_begin = begin;
        best_end = end + 1;
        best_bytes = total;
      }
    }
  }
  return {parts.begin() + static_cast<std::ptrdiff_t>(best_begin),
          parts.begin() + static_cast<std::ptrdiff_t>(best_end)};
}

}  // namespace atelier
