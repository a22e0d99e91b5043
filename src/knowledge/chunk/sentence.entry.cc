// Whole sentences up to the limit; the overlap is whole sentences too. A sentence that is over the limit is cut between
// words.
#include <algorithm>

#include "base/text/sentences.h"
#include "knowledge/chunk/finish.h"
#include "knowledge/chunk/packing.h"

namespace atelier {
namespace {

constexpr double kSentenceCost = 0.02, kParagraphCost = 0;  // a paragraph's end is the better of two places

std::vector<TextSpan> SentencesOf(std::string_view text) {
  std::vector<TextSpan> spans;
  for (const std::string_view sentence : SplitSentences(text)) {
    const auto begin = static_cast<int64_t>(sentence.data() - text.data());
    spans.push_back({begin, begin + static_cast<int64_t>(sentence.size())});
  }
  return spans;
}

// Lets each part begin `count` sentences earlier, as far as it fits.
void OverlapSentences(const Measure& measure, const std::vector<TextSpan>& sentences, int64_t count, int64_t limit,
                      std::vector<TextSpan>& parts) {
  for (size_t i = parts.size(); i-- > 1;) {
    const auto own = std::ranges::lower_bound(sentences, parts[i].begin, {}, &TextSpan::begin);
    if (own == sentences.end() || own->begin != parts[i].begin) continue;  // within a long sentence
    int64_t at = own - sentences.begin();
    for (int64_t left = count; left > 0 && at > 0; --left, --at) {
      const int64_t begin = sentences[static_cast<size_t>(at - 1)].begin;
      if (begin <= parts[i - 1].begin || !measure.Fits({begin, parts[i].end}, limit)) break;
      parts[i].begin = begin;
    }
  }
}

Result<Chunking> SplitBySentences(const ChunkInput& input) {
  const std::string_view text = input.document.text;
  const Measure measure(text, input.limits.unit, input.tools.counter.get());
  const std::vector<TextSpan> sentences = SentencesOf(text);
  const int64_t count = input.options.overlap_sentences.value_or(0);
  // Sentences that are said again take room: as much as the overlap may, or a sixth for each.
  const int64_t room =
      count > 0 ? std::min(input.limits.limit / 2, count * input.limits.limit / 6) : input.limits.overlap;
  const int64_t limit = input.limits.limit - room;
  std::vector<CutPlace> places;
  int64_t before = 0;
  for (const TextSpan& sentence : sentences) {
    const bool is_paragraph = std::ranges::count(TextOf(text, {before, sentence.begin}), '\n') > 1;
    places.push_back({sentence.begin, is_paragraph ? kParagraphCost : kSentenceCost});
    AddProsePlaces(measure, sentence, limit, kSentenceCost, places);
    before = sentence.end;
  }
  const TextSpan all{0, static_cast<int64_t>(text.size())};
  std::vector<TextSpan> parts = Pack(measure, all, std::move(places), limit);
  if (count > 0) {
    OverlapSentences(measure, sentences, count, input.limits.limit, parts);
  } else {
    Overlap(measure, input.limits.overlap, input.limits.limit, parts);
  }
  return ChunksOf(input, parts);
}

constexpr std::string_view kKeys[] = {"overlap_sentences"};

}  // namespace

extern const ChunkerEntry chunker_sentence{"sentence", "whole sentences up to the limit", kKeys, 0.15,
                                           SplitBySentences};

}  // namespace atelier
