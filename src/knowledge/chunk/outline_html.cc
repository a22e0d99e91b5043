#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "knowledge/chunk/outline.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;

struct Element {
  std::string_view tag;
  Kind kind;
  int32_t number = 0;
};
constexpr Element kElements[] = {
    {"h1", Kind::kHeading, 1},   {"h2", Kind::kHeading, 2},         {"h3", Kind::kHeading, 3},
    {"h4", Kind::kHeading, 4},   {"h5", Kind::kHeading, 5},         {"h6", Kind::kHeading, 6},
    {"p", Kind::kParagraph, 0},  {"li", Kind::kListItem, 0},        {"table", Kind::kTable, 0},
    {"tr", Kind::kTableRow, 0},  {"blockquote", Kind::kQuote, 0},   {"pre", Kind::kCode, 0},
    {"dt", Kind::kParagraph, 0}, {"figcaption", Kind::kCaption, 0}, {"dd", Kind::kParagraph, 0},
};
// What is no text, however it looks.
constexpr std::array<std::string_view, 4> kRaw = {"script", "style", "template", "textarea"};
constexpr size_t kMaxOpen = 256;

const Element* ElementOf(std::string_view tag) {
  const auto* found = std::ranges::find(kElements, tag, &Element::tag);
  return found == std::end(kElements) ? nullptr : found;
}

class HtmlScanner {
 public:
  explicit HtmlScanner(std::string_view text) : text_(text) {}

  std::vector<TextMark> Run() {
    for (size_t at = text_.find('<'); at != std::string_view::npos; at = text_.find('<', at)) at = Tag(at);
    CloseFrom(0, text_.size());
    std::ranges::stable_sort(marks_, [](const TextMark& a, const TextMark& b) {
      return a.span.begin != b.span.begin ? a.span.begin < b.span.begin : a.span.end > b.span.end;
    });
    return std::move(marks_);
  }

 private:
  size_t After(std::string_view what, size_t from) const {
    const size_t found = text_.find(what, from);
    return found == std::string_view::npos ? text_.size() : found + what.size();
  }

  // Where the tag that begins at `at` ends: quoted values may hold '>'.
  size_t EndOfTag(size_t at) const {
    char quote = 0;
    for (; at < text_.size(); ++at) {
      const char c = text_[at];
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '>') {
        return at + 1;
      }
    }
    return text_.size();
  }

  size_t Tag(size_t at) {
    if (text_.substr(at).starts_with("<!--")) return After("-->", at + 4);
    const bool closes = text_.substr(at).starts_with("</");
    std::string name;
    for (size_t i = at + (closes ? 2 : 1); i < text_.size() && name.size() < 12; ++i) {
      if (std::isalnum(static_cast<unsigned char>(text_[i])) == 0) break;
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(text_[i])));
    }
    if (name.empty()) return at + 1;
    const size_t end = EndOfTag(at);
    if (!closes && std::ranges::find(kRaw, name) != kRaw.end()) {
      const size_t close = text_.find("</" + name, end);
      return close == std::string_view::npos ? text_.size() : EndOfTag(close);
    }
    if (const Element* element = ElementOf(name)) closes ? Close(*element, end) : Open(*element, at);
    return end;
  }

  void Open(const Element& element, size_t at) {
    // These end where the next of them begins.
    const bool ends_itself = element.kind == Kind::kTableRow || element.kind == Kind::kParagraph;
    if (!open_.empty() &&
        (open_.back().first->kind == Kind::kParagraph || (ends_itself && open_.back().first->kind == element.kind))) {
      CloseFrom(open_.size() - 1, at);
    }
    if (open_.size() < kMaxOpen) open_.emplace_back(&element, at);
  }

  void Close(const Element& element, size_t end) {
    for (size_t i = open_.size(); i-- > 0;) {
      if (open_[i].first->tag == element.tag) return CloseFrom(i, end);
    }
  }

  void CloseFrom(size_t index, size_t end) {
    for (; open_.size() > index; open_.pop_back()) {
      TextMark mark;
      mark.kind = open_.back().first->kind;
      mark.number = open_.back().first->number;
      mark.span = {static_cast<int64_t>(open_.back().second), static_cast<int64_t>(end)};
      marks_.push_back(std::move(mark));
    }
  }

  const std::string_view text_;
  std::vector<std::pair<const Element*, size_t>> open_;
  std::vector<TextMark> marks_;
};

}  // namespace

std::vector<TextMark> ScanHtml(std::string_view text) { return HtmlScanner(text).Run(); }

}  // namespace atelier
