// Fixed size: as much as the limit holds, whatever stands there; each chunk begins `overlap` before the end of the one
// before. The plainest method, and the measure of the others.
#include "knowledge/chunk/finish.h"
#include "knowledge/chunk/windows.h"

namespace atelier {
namespace {

Result<Chunking> SplitFixed(const ChunkInput& input) {
  const Measure measure(input.document.text, input.limits.unit, input.tools.counter.get());
  return ChunksOf(input, Windows(measure, input.limits, WindowBorders::kAnywhere));
}

}  // namespace

extern const ChunkerEntry chunker_fixed{
    "fixed", "as much as the limit holds, whatever stands there", {}, 0.1, SplitFixed};

}  // namespace atelier
