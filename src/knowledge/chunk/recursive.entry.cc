// Recursive ("dynamic"): cut at the largest separators; what is still over the limit is cut at the next smaller ones,
// and so on down to sentences, words and characters. Small neighbours are put together again, as full as the limit
// lets.
#include <algorithm>

#include "knowledge/chunk/finish.h"
#include "knowledge/chunk/packing.h"

namespace atelier {
namespace {

const std::vector<std::string>& DefaultSeparators() {
  static const std::vector<std::string> separators = {"\n\n\n", "\n\n", "\r\n\r\n", "\n"};
  return separators;
}

class RecursiveSplitter {
 public:
  RecursiveSplitter(const Measure& measure, const std::vector<std::string>& separators, int64_t limit)
      : measure_(measure), separators_(separators), limit_(limit) {}

  // Places within `span`, at separators from `rank` on.
  void Refine(TextSpan span, size_t rank) {
    if (measure_.Fits(span, limit_)) return;
    const double cost = 0.04 * static_cast<double>(rank + 1);  // each finer kind a little dearer
    if (rank >= separators_.size()) return AddProsePlaces(measure_, span, limit_, cost, places_);
    const std::string& separator = separators_[rank];
    const std::string_view text = TextOf(measure_.text(), span);
    size_t begin = 0;
    while (begin < text.size()) {
      const size_t found = separator.empty() ? std::string_view::npos : text.find(separator, begin);
      size_t end = found == std::string_view::npos ? text.size() : found + separator.size();
      // A run of separators, and white space, go with what they end.
      while (end < text.size() && text.substr(end).starts_with(separator)) end += separator.size();
      const TextSpan part =
          measure_.Trimmed({span.begin + static_cast<int64_t>(begin), span.begin + static_cast<int64_t>(end)});
      if (!part.empty()) {
        if (begin > 0) places_.push_back({span.begin + static_cast<int64_t>(begin), cost});
        Refine(part, rank + 1);
      }
      begin = end;
    }
  }

  std::vector<CutPlace> Take() { return std::move(places_); }

 private:
  const Measure& measure_;
  const std::vector<std::string>& separators_;
  const int64_t limit_;
  std::vector<CutPlace> places_;
};

Result<Chunking> SplitRecursively(const ChunkInput& input) {
  const Measure measure(input.document.text, input.limits.unit, input.tools.counter.get());
  const int64_t limit = input.limits.limit - input.limits.overlap;
  const auto& separators = input.options.separators.empty() ? DefaultSeparators() : input.options.separators;
  const TextSpan all{0, static_cast<int64_t>(input.document.text.size())};
  RecursiveSplitter splitter(measure, separators, limit);
  splitter.Refine(all, 0);
  std::vector<TextSpan> parts = Pack(measure, all, splitter.Take(), limit);
  Overlap(measure, input.limits.overlap, input.limits.limit, parts);
  return ChunksOf(input, parts);
}

constexpr std::string_view kKeys[] = {"separators"};

}  // namespace

extern const ChunkerEntry chunker_recursive{
    "recursive", "at the largest separators that make parts fit, then smaller ones", kKeys, 0.1, SplitRecursively};

}  // namespace atelier
