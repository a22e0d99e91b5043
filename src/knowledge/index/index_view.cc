#include "knowledge/index/index_view.h"

#include <algorithm>
#include <map>
#include <queue>
#include <utility>

#include "knowledge/index/analyzer_pool.h"
#include "knowledge/index/text/text_query.h"

namespace atelier {
namespace {

// Walks the records of all parts in order of id.
class ById {
 public:
  ById(const std::vector<IndexPart>& parts, std::string_view after) : parts_(parts) {
    for (size_t i = 0; i < parts.size(); ++i) Push({i, parts[i].segment->UpperBound(after)});
  }

  // Calls visit(part, record) until it returns false.
  template <class Visit>
  void Run(Visit visit) {
    while (!heap_.empty()) {
      Cursor cursor = heap_.top();
      heap_.pop();
      if (!visit(cursor.part, parts_[cursor.part].segment->ByIdAt(cursor.at))) return;
      ++cursor.at;
      Push(cursor);
    }
  }

 private:
  struct Cursor {
    size_t part = 0;
    uint32_t at = 0;
    std::string_view id = {};
    bool operator<(const Cursor& other) const { return id > other.id; }
  };
  void Push(Cursor cursor) {
    const Segment& segment = *parts_[cursor.part].segment;
    if (cursor.at >= segment.num_records()) return;
    cursor.id = segment.IdOf(segment.ByIdAt(cursor.at));
    heap_.push(cursor);
  }

  const std::vector<IndexPart>& parts_;
  std::priority_queue<Cursor> heap_;
};

bool Has(const std::shared_ptr<const Bitmap>& bitmap, uint32_t record) {
  return bitmap == nullptr || bitmap->Has(record);
}

// Both; null is all.
std::shared_ptr<const Bitmap> Both(std::shared_ptr<const Bitmap> a, std::shared_ptr<const Bitmap> b) {
  if (a == nullptr) return b;
  if (b == nullptr) return a;
  auto both = std::make_shared<Bitmap>(*a);
  *both &= *b;
  return both;
}

}  // namespace

IndexView::IndexView(std::vector<IndexPart> parts, IndexSchema schema)
    : parts_(std::move(parts)), schema_(std::move(schema)) {}
IndexView::~IndexView() = default;

std::optional<IndexView::Place> IndexView::Find(std::string_view id, const Filter& visible) const {
  // The newest parts are the smallest.
  for (size_t i = parts_.size(); i-- > 0;) {
    const IndexPart& part = parts_[i];
    const auto record = part.segment->Find(id);
    if (!record || !part.IsLive(*record)) continue;
    if (visible.op != Filter::Op::kAll && !part.segment->EvaluateCached(visible, FilterKey(visible))->Has(*record)) {
      return std::nullopt;
    }
    return Place{.part = i, .record = *record};
  }
  return std::nullopt;
}

std::shared_ptr<const IndexView::Scope> IndexView::ScopeOf(const Filter& visible) const {
  const std::string key = FilterKey(visible);
  {
    const std::lock_guard lock(scopes_mutex_);
    for (auto at = scopes_.begin(); at != scopes_.end(); ++at) {
      if ((*at)->key != key) continue;
      scopes_.splice(scopes_.begin(), scopes_, at);
      return scopes_.front();
    }
  }
  auto scope = std::make_shared<Scope>();
  scope->key = key;
  std::vector<TextPart> texts;
  for (size_t i = 0; i < parts_.size(); ++i) {
    const IndexPart& part = parts_[i];
    const bool all = visible.op == Filter::Op::kAll;
    scope->counted.push_back(Both(part.live, all ? nullptr : part.segment->EvaluateCached(visible, key)));
    if (part.segment->text() == nullptr) continue;
    scope->text_parts.push_back(i);
    texts.push_back({.segment = part.segment->text(), .counted = scope->counted.back()});
  }
  scope->text = std::make_unique<TextView>(std::move(texts));
  const std::lock_guard lock(scopes_mutex_);
  scopes_.push_front(scope);
  if (scopes_.size() > kMaxScopes) scopes_.pop_back();
  return scope;
}

IndexView::Matching IndexView::MatchingOf(const Scope& scope, const Filter& filter) const {
  if (filter.op == Filter::Op::kAll) return scope.counted;
  Matching matching;
  for (size_t i = 0; i < parts_.size(); ++i) {
    auto passing = std::make_shared<Bitmap>(parts_[i].segment->Evaluate(filter));
    if (scope.counted[i] != nullptr) *passing &= *scope.counted[i];
    matching.push_back(std::move(passing));
  }
  return matching;
}

Result<IndexHits> IndexView::Search(const IndexQuery& query) const {
  IndexHits hits;
  const std::shared_ptr<const Scope> scope = ScopeOf(query.visible);
  const Matching matching = MatchingOf(*scope, query.filter);
  Matching found = matching;
  if (!query.text.empty()) {
    SearchText(query, *scope, matching, query.facets.empty() ? nullptr : &found, hits);
  }
  if (!query.vector.empty()) SearchVectors(query, matching, hits);
  if (!query.facets.empty()) hits.facets = CountFacets(query, found);
  return hits;
}

void IndexView::SearchText(const IndexQuery& query, const Scope& scope, const Matching& matching, Matching* found,
                           IndexHits& hits) const {
  auto analyzer = BorrowAnalyzer(schema_.language);
  CHECK_MSG(analyzer.ok(), "the language was checked when the index was opened");
  const TextQuery parsed = ParseTextQuery(query.text, **analyzer, TextSchemaOf(schema_));
  std::vector<const Bitmap*> allowed;
  for (const size_t part : scope.text_parts) allowed.push_back(matching[part].get());
  if (query.filter.op == Filter::Op::kAll) allowed.clear();
  std::vector<Bitmap> matched;
  const TextHits text =
      scope.text->Search(parsed, {.top_k = query.top_k, .allowed = allowed, .matching = found ? &matched : nullptr});
  hits.num_matching_text = text.num_matching;
  for (const TextHit& hit : text.hits) {
    hits.by_text.push_back({std::string(parts_[scope.text_parts[hit.part]].segment->IdOf(hit.record)), hit.score});
  }
  if (found == nullptr) return;
  for (size_t i = 0; i < parts_.size(); ++i) (*found)[i] = std::make_shared<Bitmap>(parts_[i].segment->num_records());
  for (size_t i = 0; i < matched.size(); ++i) {
    (*found)[scope.text_parts[i]] = std::make_shared<Bitmap>(std::move(matched[i]));
  }
}

void IndexView::SearchVectors(const IndexQuery& query, const Matching& matching, IndexHits& hits) const {
  struct Hit {
    VectorHit hit;
    size_t part = 0;
  };
  std::vector<Hit> all;
  VectorQuery wanted{.vector = query.vector, .top_k = query.top_k, .recall = query.recall};
  for (size_t i = 0; i < parts_.size(); ++i) {
    const VectorSegment* vectors = parts_[i].segment->vectors();
    if (vectors == nullptr) continue;
    wanted.allowed = matching[i].get();
    for (const VectorHit& hit : vectors->Search(wanted)) all.push_back({hit, i});
    // What the next parts must reach: their worse vectors need not be scored.
    if (query.top_k == 0 || all.size() < static_cast<size_t>(query.top_k)) continue;
    std::vector<float> scores;
    for (const Hit& hit : all) scores.push_back(hit.hit.score);
    const auto worst = scores.begin() + (query.top_k - 1);
    std::nth_element(scores.begin(), worst, scores.end(), std::greater<>());
    wanted.at_least = *worst;
  }
  // Within a part they come by score and number, and parts by age: a stable sort keeps that of equal ones.
  std::stable_sort(all.begin(), all.end(), [](const Hit& a, const Hit& b) { return a.hit.score > b.hit.score; });
  if (all.size() > static_cast<size_t>(query.top_k)) all.resize(static_cast<size_t>(query.top_k));
  for (const Hit& hit : all) {
    hits.by_vector.push_back({std::string(parts_[hit.part].segment->IdOf(hit.hit.id)), hit.hit.score});
  }
}

std::vector<IndexFacet> IndexView::CountFacets(const IndexQuery& query, const Matching& found) const {
  struct Less {
    bool operator()(const AttributeValue& a, const AttributeValue& b) const {
      return a.type != b.type ? a.type < b.type : a < b;
    }
  };
  std::vector<IndexFacet> facets;
  for (const std::string& key : query.facets) {
    // The texts of the values lie in the segments, which live as long as this view.
    std::map<AttributeValue, int64_t, Less> counts;
    for (size_t i = 0; i < parts_.size(); ++i) {
      const AttributeColumn* column = parts_[i].segment->columns().Find(key);
      if (column == nullptr) continue;
      const Bitmap all = found[i] == nullptr ? Bitmap(parts_[i].segment->num_records(), true) : Bitmap();
      column->ForEachCount(found[i] == nullptr ? all : *found[i],
                           [&counts](const AttributeValue& value, int64_t count) { counts[value] += count; });
    }
    std::vector<std::pair<AttributeValue, int64_t>> order(counts.begin(), counts.end());
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    if (order.size() > static_cast<size_t>(query.max_facet_values)) {
      order.resize(static_cast<size_t>(query.max_facet_values));
    }
    IndexFacet& facet = facets.emplace_back(IndexFacet{.key = key, .values = {}});
    for (const auto& [value, count] : order) facet.values.push_back({value.ToJson(), count});
  }
  return facets;
}

std::vector<std::string> IndexView::List(const Filter& filter, const Filter& visible, std::string_view after,
                                         int32_t limit) const {
  std::vector<std::string> ids;
  if (limit <= 0) return ids;
  const Matching matching = MatchingOf(*ScopeOf(visible), filter);
  size_t num_matching = 0;
  for (size_t i = 0; i < parts_.size(); ++i) {
    num_matching += matching[i] == nullptr ? parts_[i].segment->num_records() : matching[i]->Count();
  }
  // Few are sorted; of many those are walked to that are wanted.
  if (num_matching <= 4096) {
    for (size_t i = 0; i < parts_.size(); ++i) {
      const Segment& segment = *parts_[i].segment;
      for (uint32_t record = 0; matching[i] == nullptr && record < segment.num_records(); ++record) {
        if (segment.IdOf(record) > after) ids.emplace_back(segment.IdOf(record));
      }
      if (matching[i] == nullptr) continue;
      matching[i]->ForEach([&](uint32_t record) {
        if (segment.IdOf(record) > after) ids.emplace_back(segment.IdOf(record));
      });
    }
    std::sort(ids.begin(), ids.end());
    if (ids.size() > static_cast<size_t>(limit)) ids.resize(static_cast<size_t>(limit));
    return ids;
  }
  ById(parts_, after).Run([&](size_t part, uint32_t record) {
    if (Has(matching[part], record)) ids.emplace_back(parts_[part].segment->IdOf(record));
    return ids.size() < static_cast<size_t>(limit);
  });
  return ids;
}

int64_t IndexView::Count(const Filter& filter, const Filter& visible) const {
  const Matching matching = MatchingOf(*ScopeOf(visible), filter);
  int64_t count = 0;
  for (size_t i = 0; i < parts_.size(); ++i) {
    count += matching[i] == nullptr ? parts_[i].segment->num_records() : matching[i]->Count();
  }
  return count;
}

Result<std::vector<IndexSuggestion>> IndexView::Suggest(std::string_view typed, const Filter& visible,
                                                        int32_t limit) const {
  const std::shared_ptr<const Scope> scope = ScopeOf(visible);
  TRY(const BorrowedAnalyzer analyzer, BorrowAnalyzer(schema_.language));
  const auto texts_of = [this, &scope](uint32_t part, uint32_t record) {
    std::string all;
    const auto texts = parts_[scope->text_parts[part]].segment->Texts(record);
    if (!texts.ok()) return all;
    for (const FieldText& text : *texts) all += text.text + "\n";
    return all;
  };
  std::vector<IndexSuggestion> suggestions;
  for (TextSuggestion& found : scope->text->Suggest(typed, limit, *analyzer, texts_of)) {
    suggestions.push_back({std::move(found.text), found.num_records});
  }
  return suggestions;
}

Result<void> IndexView::ForEach(const std::function<Result<void>(Place)>& visit) const {
  Result<void> result;
  ById(parts_, "").Run([&](size_t part, uint32_t record) {
    if (parts_[part].IsLive(record)) result = visit({.part = part, .record = record});
    return result.ok();
  });
  return result;
}

}  // namespace atelier
