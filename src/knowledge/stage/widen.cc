#include "knowledge/stage/widen.h"

#include <algorithm>
#include <utility>

#include "base/text/utf8.h"

namespace atelier {
namespace {

bool ShownBefore(const std::vector<Passage>& before, const Passage& passage) {
  return std::ranges::any_of(before, [&](const Passage& one) {
    return one.document_id == passage.document_id && one.chunk.shown.begin <= passage.chunk.span.begin &&
           passage.chunk.span.end <= one.chunk.shown.end;
  });
}

// Moved inwards to where characters begin.
TextSpan AtCharacters(std::string_view text, TextSpan span) {
  auto is_inside = [text](int64_t at) {
    return at < static_cast<int64_t>(text.size()) &&
           (static_cast<uint8_t>(text[static_cast<size_t>(at)]) & 0xC0) == 0x80;
  };
  while (span.begin < span.end && is_inside(span.begin)) ++span.begin;
  while (span.end > span.begin && is_inside(span.end)) --span.end;
  return span;
}

}  // namespace

Result<void> Widen(const Corpus& corpus, const Filter& visible, int64_t reach, const WidenedSpan& widened,
                   std::vector<Passage>& passages) {
  std::vector<Passage> kept;
  for (Passage& passage : passages) {
    if (ShownBefore(kept, passage)) continue;
    Chunk& chunk = passage.chunk;
    const TextSpan asked{std::max<int64_t>(0, chunk.span.begin - reach), chunk.span.end + reach};
    const Result<std::string> text = corpus.Read(passage.document_id, asked, visible);
    if (!text.ok() && text.error().kind != ErrorKind::kNotFound) return text.error();
    const TextSpan found{chunk.span.begin - asked.begin, chunk.span.end - asked.begin};
    if (text.ok() && found.end <= static_cast<int64_t>(text->size())) {
      const TextSpan whole = AtCharacters(*text, {0, static_cast<int64_t>(text->size())});
      const std::string_view around = TextOf(*text, whole);
      const TextSpan inner{found.begin - whole.begin, found.end - whole.begin};
      const TextSpan shown = widened(around, inner);
      const int64_t moved = asked.begin + whole.begin;
      // What the chunker shows already is not made less.
      if (shown.begin + moved <= chunk.shown.begin && chunk.shown.end <= shown.end + moved) {
        passage.shown = TextOf(around, shown);
        chunk.shown = {shown.begin + moved, shown.end + moved};
      }
    }
    kept.push_back(std::move(passage));
  }
  passages = std::move(kept);
  return {};
}

Task<Result<void>> WidenOnPool(StageTools tools, int64_t reach, WidenedSpan widened, StageState& state) {
  auto widen = [&] { return Widen(tools.corpus, state.visible, reach, widened, state.passages); };
  auto widening = OnPool(tools.pool, widen);
  co_return co_await widening;
}

}  // namespace atelier
