// Changes to the parts of a view while a new one is made: bitmaps are copied when the first record of theirs dies.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "knowledge/index/index_view.h"

namespace atelier {

class PartEdit {
 public:
  explicit PartEdit(std::vector<IndexPart> parts) : parts_(std::move(parts)), own_(parts_.size()) {}

  // The living record of that id, if there is one, lives no more.
  void Kill(std::string_view id);
  void Add(IndexPart part);
  // Without parts in memory that nothing lives in.
  std::vector<IndexPart> Take() &&;

 private:
  std::vector<IndexPart> parts_;
  std::vector<std::shared_ptr<Bitmap>> own_;  // that may still be changed
};

// A part of which all lives.
IndexPart WholePart(std::shared_ptr<const Segment> segment, uint64_t file_number);

// Its records that do not live, in order.
std::vector<uint32_t> DeletedOf(const IndexPart& part);

// `current` with `replacement` in place of `old`. It was made of what lived in `old`, one after the other; what has
// died in `current` since then dies in it too. Null: nothing comes in their place.
std::vector<IndexPart> ExchangedParts(const std::vector<IndexPart>& current, const std::vector<IndexPart>& old,
                                      const IndexPart* replacement);

// Neighbours of about a size that are worth being one: at least `fan_in`, none more than two thirds of them, together
// at most max_bytes. Empty: there are none.
std::vector<IndexPart> PickRun(const std::vector<IndexPart>& parts, size_t fan_in, int64_t max_bytes);

}  // namespace atelier
