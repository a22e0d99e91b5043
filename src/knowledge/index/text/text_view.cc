#include "knowledge/index/text/text_view.h"

#include <bit>

#include "base/check.h"
#include "knowledge/index/text/query_plan.h"
#include "knowledge/index/text/view_state.h"
#include "knowledge/index/text/window_search.h"

namespace atelier {

TextView::TextView(std::vector<TextPart> parts, TextRanking ranking)
    : state_(new State{ViewStatistics(std::move(parts), ranking)}) {}
TextView::TextView(TextView&&) noexcept = default;
TextView::~TextView() = default;

int64_t TextView::num_counted() const { return state_->statistics.num_counted(); }

int64_t TextView::DocumentFrequency(std::string_view term) const {
  std::vector<PostingList> lists;
  for (size_t part = 0; part < state_->statistics.parts().size(); ++part) {
    lists.push_back(state_->statistics.reader(part).Find(term));
  }
  return state_->statistics.DocumentFrequency(term, -1, lists);
}

namespace {

void AddBits(const std::vector<uint64_t>& words, uint32_t base, Bitmap& out) {
  for (size_t i = 0; i < words.size(); ++i) {
    for (uint64_t word = words[i]; word != 0; word &= word - 1) {
      out.Add(base + static_cast<uint32_t>(i * 64) + static_cast<uint32_t>(std::countr_zero(word)));
    }
  }
}

}  // namespace

TextHits TextView::Search(const TextQuery& query, const Options& options) const {
  const ViewStatistics& statistics = state_->statistics;
  CHECK(options.allowed.empty() || options.allowed.size() == statistics.parts().size());
  std::vector<PlannedClause> clauses = PlanQuery(query, statistics);
  WindowSearch search(clauses, statistics, options.matching != nullptr);
  BestHits best(options.top_k);
  TextHits out;
  if (options.matching != nullptr) options.matching->clear();
  for (uint32_t part = 0; part < statistics.parts().size(); ++part) {
    const TextSegment::Reader& reader = statistics.reader(part);
    const Bitmap* allowed = options.allowed.empty() ? nullptr : options.allowed[part];
    CHECK(allowed == nullptr || allowed->size() == reader.num_records);
    if (options.matching != nullptr) options.matching->emplace_back(reader.num_records);
    for (uint32_t window = 0; window < NumWindows(reader); ++window) {
      const uint32_t base = window * kWindowRecords;
      const WindowBounds bounds{allowed == nullptr ? nullptr : allowed->words().data() + base / 64,
                                statistics.Counted(part, window)};
      out.num_matching += search.Search(part, window, bounds, best);
      if (options.matching != nullptr) AddBits(search.Matching(), base, options.matching->back());
    }
  }
  out.hits = best.Take();
  return out;
}

TextHits TextView::Search(const TextQuery& query) const { return Search(query, Options{}); }

}  // namespace atelier
