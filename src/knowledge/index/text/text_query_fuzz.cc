// Any bytes as a query and as a text.
#include <cstdint>
#include <string_view>

#include "knowledge/index/text/highlight.h"
#include "knowledge/index/text/text_testing.h"

using namespace atelier;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Analyzer analyzer = Make("en");
  static const Stored stored(Build(
      analyzer, TwoFields(), std::vector<Texts>{{"a phrase of some words", "title"}, {"\u4e2d\u56fd\u4eba", ""}}));
  static const TextView view({{stored.segment.get(), nullptr}});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const TextQuery query = ParseTextQuery(text, analyzer, TwoFields());
  const TextHits hits = view.Search(query);
  CHECK(hits.num_matching <= 2 && static_cast<int64_t>(hits.hits.size()) == hits.num_matching);
  view.Search(WordsQuery(text, analyzer));
  size_t last = 0;
  for (const HighlightSpan& span : Highlights(text, query, analyzer)) {
    CHECK(last <= span.begin && span.begin < span.end && span.end <= size);
    last = span.end;
  }
  TextSegmentBuilder builder(analyzer, TextSchema{});
  const TextSegmentBuilder::Text one{0, text};
  builder.Add({&one, 1});
  const Stored itself(builder.Finish());
  const TextView own({{itself.segment.get(), nullptr}});
  own.Search(query);
  own.Suggest(text, 2, analyzer, [&](uint32_t, uint32_t) { return std::string(text); });
  return 0;
}
