// Parent and child: the document is cut into parents by `base`, and each parent into children of whole sentences.
// Children are small and are found; a model is shown the parent.
#include "knowledge/chunk/finish.h"
#include "knowledge/chunk/packing.h"

namespace atelier {
namespace {

constexpr int64_t kParentTimes = 4;  // a parent's limit in the children's

Result<Chunking> SplitIntoFamilies(const ChunkInput& input) {
  // Parents are never embedded, so no window bounds them.
  ChunkOptions options = BaseOptions(input, "auto");
  options.limit = input.options.parent_limit.value_or(input.limits.limit * kParentTimes);
  options.overlap = 0;
  if (*options.limit < input.limits.limit) {
    return Error::Invalid("parent_limit", "got " + std::to_string(*options.limit) + ", want at least the limit, " +
                                              std::to_string(input.limits.limit));
  }
  ChunkTools tools = input.tools;
  tools.max_tokens = 0;
  TRY(const Chunking parents, SplitPlainly(input.document, options, tools));
  const Measure measure(input.document.text, input.limits.unit, input.tools.counter.get());
  const int64_t limit = input.limits.limit - input.limits.overlap;
  std::vector<TextSpan> children, shown;
  for (const Chunk& parent : parents.chunks) {
    std::vector<CutPlace> places;
    AddProsePlaces(measure, parent.span, limit, 0, places);
    std::vector<TextSpan> parts = Pack(measure, parent.span, std::move(places), limit);
    Overlap(measure, input.limits.overlap, input.limits.limit, parts);
    children.insert(children.end(), parts.begin(), parts.end());
    shown.insert(shown.end(), parts.size(), parent.span);
  }
  Chunking chunking = ChunksOf(input, children);
  for (size_t i = 0; i < chunking.chunks.size(); ++i) chunking.chunks[i].shown = shown[i];
  return chunking;
}

constexpr std::string_view kKeys[] = {"base", "parent_limit"};

}  // namespace

extern const ChunkerEntry chunker_parent{"parent", "small parts are found, the larger one around them is shown", kKeys,
                                         0, SplitIntoFamilies};

}  // namespace atelier
