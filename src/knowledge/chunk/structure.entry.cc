// By a document's own structure: Markdown, HTML, and whatever a loader has marked. Sections stay together and apart
// from others where the limit lets; tables, lists and code are kept whole where they fit; a heading stands with what
// follows.
#include <algorithm>

#include "knowledge/chunk/blocks.h"
#include "knowledge/chunk/code_places.h"
#include "knowledge/chunk/finish.h"
#include "knowledge/chunk/packing.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;

// What a cut costs, beside a chunk's empty share squared (packing.h): a section of half a chunk (0.25) rather stands
// alone than with another one (two cost 0.5 less the heading's worth).
constexpr double kHeadingCost = -0.55, kHeadingStep = 0.1;
constexpr double kMessageCost = -1;
constexpr double kParagraphCost = 0.05;
constexpr double kIntroducedCost = 0.25;  // between a paragraph and the list, table or code after it
constexpr double kPartCost = 0.3;         // between rows, items, lines
constexpr double kSentenceCost = 0.3;

double CostBefore(const Block& before, const Block& block) {
  if (block.begins_message) return kMessageCost;
  if (block.kind == Kind::kHeading) return std::min(-0.05, kHeadingCost + kHeadingStep * (block.level - 1));
  const bool is_whole = block.kind == Kind::kListItem || block.kind == Kind::kTable || block.kind == Kind::kCode;
  return is_whole && before.kind == Kind::kParagraph ? kIntroducedCost : kParagraphCost;
}

Result<Chunking> SplitByStructure(const ChunkInput& input) {
  const std::string_view text = input.document.text;
  const Measure measure(text, input.limits.unit, input.tools.counter.get());
  const int64_t limit = input.limits.limit - input.limits.overlap;
  const std::vector<TextMark> marks = MarksOf(input.document);
  const std::vector<Block> blocks = BlocksOf(text, marks);
  std::vector<CutPlace> places;
  int64_t glued_begin = -1;  // of headings that the next block belongs to; -1: none
  for (size_t i = 0; i < blocks.size(); ++i) {
    const Block& block = blocks[i];
    if (i > 0 && glued_begin < 0) places.push_back({block.span.begin, CostBefore(blocks[i - 1], block)});
    const int64_t begin = glued_begin >= 0 ? glued_begin : block.span.begin;
    if (block.kind == Kind::kHeading) {
      glued_begin = begin;
      continue;
    }
    glued_begin = -1;
    if (measure.Fits({begin, block.span.end}, limit)) continue;
    const CodeLanguage* language = block.kind == Kind::kCode ? LanguageNamed(block.label) : nullptr;
    if (language != nullptr) {
      std::vector<CodeScope> scopes;
      AddCodePlaces(measure, block.span, *language, limit, places, scopes);
      continue;
    }
    int64_t part = block.span.begin;
    for (const int64_t inner : block.inner) {
      places.push_back({inner, kPartCost});
      AddProsePlaces(measure, measure.Trimmed({part, inner}), limit, kSentenceCost, places);
      part = inner;
    }
    // A paragraph that fits alone, but not with its heading, is cut too rather than parted from it.
    const int64_t room = block.inner.empty() ? limit - measure.Size({begin, block.span.begin}) : limit;
    AddProsePlaces(measure, {part, block.span.end}, std::max(limit / 4, room), kSentenceCost, places);
  }
  const TextSpan all{0, static_cast<int64_t>(text.size())};
  std::vector<TextSpan> parts = Pack(measure, all, std::move(places), limit);
  Overlap(measure, input.limits.overlap, input.limits.limit, parts);
  return ChunksOf(input, parts, marks);
}

}  // namespace

extern const ChunkerEntry chunker_structure{
    "structure", "by headings; tables, lists and code stay whole where they fit", {}, 0, SplitByStructure};

}  // namespace atelier
