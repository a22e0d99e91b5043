#include "knowledge/chunk/code_places.h"

#include <algorithm>
#include <utility>

namespace atelier {
namespace {

constexpr int kMaxDepth = 64;  // of brackets that are looked into
// What cuts cost, beside a chunk's empty share squared (packing.h).
constexpr double kDefinitionCost = -0.02;  // before or after a definition
constexpr double kBlankCost = 0.02, kNextCost = 0.12;
constexpr double kStatementCost = 0.35;  // above these, within a function
constexpr double kListCost = 0.5, kLineCost = 0.9;

class Placer {
 public:
  Placer(const Measure& measure, TextSpan span, const CodeLanguage& language, int64_t limit,
         std::vector<CutPlace>& places, std::vector<CodeScope>& scopes)
      : measure_(measure),
        offset_(span.begin),
        text_(TextOf(measure.text(), span)),
        reader_(text_, language),
        limit_(limit),
        places_(places),
        scopes_(scopes) {}

  void Run() { Visit(reader_.all(), 0, false); }

 private:
  void Visit(CodeRange range, int depth, bool in_function) {
    const std::vector<CodeItem> items = reader_.ItemsOf(range);
    for (size_t i = 0; i < items.size(); ++i) {
      const CodeItem& item = items[i];
      if (i > 0)
        places_.push_back({offset_ + LineBegin(item.span.begin), CostBefore(items[i - 1], item, range, in_function)});
      const TextSpan span{offset_ + item.span.begin, offset_ + item.span.end};
      if (measure_.Fits(span, limit_)) continue;
      if (item.defines) scopes_.push_back({span, offset_ + item.head.end, reader_.NameOf(item)});
      AddLines(item.span);
      if (depth >= kMaxDepth) continue;
      for (const CodeRange& inner : item.inner) Visit(inner, depth + 1, in_function || IsFunction(item));
    }
  }

  static double CostBefore(const CodeItem& before, const CodeItem& item, const CodeRange& range, bool in_function) {
    if (range.is_list) return kListCost;
    if (!in_function && (before.defines || item.defines)) return kDefinitionCost;
    return (item.after_blank ? kBlankCost : kNextCost) + (in_function ? kStatementCost : 0);
  }

  // What has statements in it, by its head: all but what holds definitions.
  bool IsFunction(const CodeItem& item) const {
    if (!item.defines) return true;
    static constexpr std::string_view kHolders[] = {"class",  "enum",      "extern", "impl",   "interface", "mod",
                                                    "module", "namespace", "record", "struct", "trait",     "union"};
    const std::string_view head = TextOf(text_, item.head);
    if (head.contains('(') && !head.starts_with("class ")) return true;
    size_t at = 0;
    while (at < head.size()) {
      const size_t begin = head.find_first_of("abcdefghijklmnopqrstuvwxyz", at);
      if (begin == std::string_view::npos) break;
      const size_t end = std::min(head.find_first_not_of("abcdefghijklmnopqrstuvwxyz", begin), head.size());
      if (std::ranges::binary_search(kHolders, head.substr(begin, end - begin))) return false;
      at = end;
    }
    return true;
  }

  // Where the item's first line begins, if nothing but white space stands before it.
  int64_t LineBegin(int64_t at) const {
    int64_t begin = at;
    while (begin > 0 &&
           (text_[static_cast<size_t>(begin - 1)] == ' ' || text_[static_cast<size_t>(begin - 1)] == '\t')) {
      --begin;
    }
    return begin == 0 || text_[static_cast<size_t>(begin - 1)] == '\n' ? begin : at;
  }

  void AddLines(TextSpan span) {
    for (size_t at = text_.find('\n', static_cast<size_t>(span.begin)); at < static_cast<size_t>(span.end);
         at = text_.find('\n', at + 1)) {
      places_.push_back({offset_ + static_cast<int64_t>(at) + 1, kLineCost});
    }
  }

  const Measure& measure_;
  const int64_t offset_;
  const std::string_view text_;
  const CodeReader reader_;
  const int64_t limit_;
  std::vector<CutPlace>& places_;
  std::vector<CodeScope>& scopes_;
};

}  // namespace

void AddCodePlaces(const Measure& measure, TextSpan span, const CodeLanguage& language, int64_t limit,
                   std::vector<CutPlace>& places, std::vector<CodeScope>& scopes) {
  Placer(measure, span, language, limit, places, scopes).Run();
}

}  // namespace atelier
