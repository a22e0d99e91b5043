#include "knowledge/chunk/packing.h"

#include <algorithm>
#include <limits>

#include "base/text/sentences.h"

namespace atelier {
namespace {

// Places closer together than this share of the limit are thinned out: it bounds the work whatever the text.
constexpr int64_t kMaxPlacesPerLimit = 64;
// Pieces of a word that does not fit: small enough to fill chunks.
constexpr int64_t kPiecesPerLimit = 4;
constexpr double kWordCost = 0.5, kCharacterCost = 2;  // above the cost of a sentence's end

bool IsAsciiSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

TextSpan SpanOf(std::string_view text, std::string_view part) {
  const auto begin = static_cast<int64_t>(part.data() - text.data());
  return {begin, begin + static_cast<int64_t>(part.size())};
}

// Cuts within a sentence that does not fit: at white space, or anywhere in a word that is too long.
void AddWordPlaces(const Measure& measure, TextSpan span, int64_t limit, double cost, std::vector<CutPlace>& places) {
  const int64_t piece = std::max<int64_t>(1, limit / kPiecesPerLimit);
  const std::string_view text = measure.text();
  const double base = cost + kWordCost;
  for (int64_t at = span.begin; at < span.end;) {
    int64_t end = measure.Reach({at, span.end}, piece);
    if (end >= span.end) return;
    int64_t word = end;
    while (word > at && !IsAsciiSpace(text[static_cast<size_t>(word - 1)])) --word;
    const bool is_word = word > at && !measure.Trimmed({at, word}).empty();
    if (is_word) end = word;
    places.push_back({end, base + (is_word ? 0 : kCharacterCost)});
    at = end;
  }
}

// Leaves out places until few stand between any two that are a limit apart; the cheaper of two neighbours stays. No
// piece becomes longer than the limit by it.
void Thin(const Measure& measure, TextSpan span, int64_t limit, std::vector<CutPlace>& places) {
  const int64_t least = limit / kMaxPlacesPerLimit;
  const auto sum = [&](int64_t at) { return measure.Estimate(at); };
  std::vector<CutPlace> kept{{span.begin, 0}};
  int64_t since = sum(span.begin);  // at the last place that was far enough from the one before
  for (size_t i = 0; i < places.size(); ++i) {
    const CutPlace& place = places[i];
    if (place.at <= span.begin || place.at >= span.end) continue;
    const int64_t here = sum(place.at);
    const int64_t next = sum(i + 1 < places.size() ? std::min(places[i + 1].at, span.end) : span.end);
    const bool is_near = here - since <= least && kept.size() > 1;
    if (kept.back().at == place.at) {
      kept.back().cost = std::min(kept.back().cost, place.cost);
    } else if (is_near && place.cost <= kept.back().cost && here - sum(kept[kept.size() - 2].at) <= limit) {
      kept.back() = place;
    } else if (!is_near || next - sum(kept.back().at) > limit) {
      kept.push_back(place);
      since = here;
    }
  }
  kept.push_back({span.end, 0});
  places = std::move(kept);
}

class Packer {
 public:
  // `places` begin and end with the span.
  Packer(const Measure& measure, std::vector<CutPlace> places, int64_t limit)
      : limit_(limit), ends_(std::move(places)) {
    for (const CutPlace& end : ends_) sums_.push_back(measure.Estimate(end.at));
  }

  std::vector<TextSpan> Run() const {
    const size_t n = ends_.size();
    std::vector<double> best(n, std::numeric_limits<double>::infinity());
    std::vector<size_t> from(n, 0);
    best[0] = 0;
    for (size_t end = 1; end < n; ++end) {
      for (size_t begin = end; begin-- > 0;) {
        const int64_t size = sums_[end] - sums_[begin];
        // One piece alone may be over the limit: it is cut afterwards.
        if (size > limit_ && begin + 1 < end) break;
        const double empty = std::max(0.0, 1.0 - static_cast<double>(size) / static_cast<double>(limit_));
        const double cost = best[begin] + ends_[end].cost + empty * empty;
        if (cost < best[end]) best[end] = cost, from[end] = begin;
      }
    }
    std::vector<TextSpan> parts;
    for (size_t end = n - 1; end > 0; end = from[end]) parts.push_back({ends_[from[end]].at, ends_[end].at});
    std::ranges::reverse(parts);
    return parts;
  }

 private:
  const int64_t limit_;
  std::vector<CutPlace> ends_;
  std::vector<int64_t> sums_;
};

std::vector<TextSpan> Cheapest(const Measure& measure, TextSpan span, std::vector<CutPlace> places, int64_t limit) {
  std::ranges::stable_sort(places, {}, &CutPlace::at);
  Thin(measure, span, limit, places);
  return Packer(measure, std::move(places), limit).Run();
}

}  // namespace

void AddProsePlaces(const Measure& measure, TextSpan span, int64_t limit, double cost, std::vector<CutPlace>& places) {
  if (measure.Fits(span, limit)) return;
  int64_t end = 0;
  for (const std::string_view sentence : SplitSentences(TextOf(measure.text(), span))) {
    const TextSpan part = SpanOf(measure.text(), sentence);
    if (end > 0) places.push_back({part.begin, cost});
    if (!measure.Fits(part, limit)) AddWordPlaces(measure, part, limit, cost, places);
    end = part.end;
  }
}

std::vector<TextSpan> Pack(const Measure& measure, TextSpan span, std::vector<CutPlace> places, int64_t limit) {
  span = measure.Trimmed(span);
  std::vector<TextSpan> parts;
  if (span.empty()) return parts;
  for (const TextSpan& rough : Cheapest(measure, span, std::move(places), limit)) {
    const TextSpan part = measure.Trimmed(rough);
    if (part.empty()) continue;
    if (measure.Fits(part, limit)) {
      parts.push_back(part);
      continue;
    }
    // A piece without places, or tokens that did not add up.
    std::vector<CutPlace> finer;
    AddProsePlaces(measure, part, limit, 0, finer);
    for (TextSpan rest : Cheapest(measure, part, std::move(finer), limit)) {
      for (rest = measure.Trimmed(rest); !rest.empty(); rest = measure.Trimmed(rest)) {
        const int64_t end = measure.Reach(rest, limit);
        parts.push_back(measure.Trimmed({rest.begin, end}));
        rest.begin = end;
      }
    }
  }
  return parts;
}

void Overlap(const Measure& measure, int64_t overlap, int64_t limit, std::vector<TextSpan>& parts) {
  if (overlap <= 0) return;
  const std::string_view text = measure.text();
  for (size_t i = parts.size(); i-- > 1;) {
    const TextSpan before = parts[i - 1];
    TextSpan& part = parts[i];
    const int64_t least = measure.ReachBack({before.begin + 1, before.end}, overlap);
    if (least >= before.end) continue;
    int64_t begin = before.end;
    for (const std::string_view sentence : SplitSentences(TextOf(text, before))) {
      const int64_t at = SpanOf(text, sentence).begin;
      if (at < least || at <= before.begin || !measure.Fits({at, part.end}, limit)) continue;
      begin = at;
      break;
    }
    for (int64_t at = least; begin == before.end && at < before.end; ++at) {
      if (!IsAsciiSpace(text[static_cast<size_t>(at - 1)]) || IsAsciiSpace(text[static_cast<size_t>(at)])) continue;
      if (measure.Fits({at, part.end}, limit)) begin = at;
    }
    if (begin < before.end) part.begin = begin;
  }
}

}  // namespace atelier
