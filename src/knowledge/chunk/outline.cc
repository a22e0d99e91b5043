#include "knowledge/chunk/outline.h"

#include <algorithm>

#include "base/text/unicode.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr size_t kMaxTitleBytes = 200;

// One line of plain words: without the signs of Markdown and the tags of HTML.
std::string TitleOf(std::string_view text) {
  text = Trim(text);
  // The line under a heading.
  if (const size_t line = text.rfind('\n'); line != std::string_view::npos) {
    const std::string_view last = Trim(text.substr(line));
    if (!last.empty() && last.find_first_not_of(last[0] == '=' ? "=" : "-") == std::string_view::npos) {
      text = text.substr(0, line);
    }
  }
  const size_t signs = text.find_first_not_of('#');
  if (signs != std::string_view::npos && signs <= 6 && signs > 0 && (text[signs] == ' ' || text[signs] == '\t')) {
    text.remove_prefix(signs);
    const size_t end = text.find_last_not_of('#');
    if (end != std::string_view::npos && (text[end] == ' ' || text[end] == '\t')) text = text.substr(0, end);
  }
  std::string title;
  bool in_tag = false, space = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool begins_tag = c == '<' && text.find('>', i) != std::string_view::npos && i + 1 < text.size() &&
                            (text[i + 1] == '/' || std::isalpha(static_cast<unsigned char>(text[i + 1])) != 0);
    if (begins_tag) in_tag = true;
    if (!in_tag && (c == ' ' || (c >= '\t' && c <= '\r'))) {
      space = !title.empty();
    } else if (!in_tag) {
      if (space) title += ' ';
      space = false;
      title += c;
    }
    if (c == '>') in_tag = false;
  }
  if (title.size() > kMaxTitleBytes) {
    title.resize(kMaxTitleBytes);
    title.resize(title.size() - IncompleteUtf8Tail(title));
  }
  return title;
}

bool IsBlock(TextMark::Kind kind) { return kind != TextMark::Kind::kPage && kind != TextMark::Kind::kMessage; }

}  // namespace

std::vector<TextMark> MarksOf(const Document& document) {
  std::vector<TextMark> marks = document.marks;
  const bool has_blocks = std::ranges::any_of(marks, [](const TextMark& mark) { return IsBlock(mark.kind); });
  if (!has_blocks) {
    std::vector<TextMark> found;
    if (document.media_type == "text/markdown") found = ScanMarkdown(document.text);
    if (document.media_type == "text/html" || document.media_type == "application/xhtml+xml") {
      found = ScanHtml(document.text);
    }
    marks.insert(marks.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
  std::ranges::stable_sort(marks, [](const TextMark& a, const TextMark& b) {
    return a.span.begin != b.span.begin ? a.span.begin < b.span.begin : a.span.end > b.span.end;
  });
  return marks;
}

Outline::Outline(const Document& document, const std::vector<TextMark>& marks) : text_(document.text) {
  std::vector<int32_t> open;
  for (const TextMark& mark : marks) {
    if (mark.kind == TextMark::Kind::kPage) pages_.push_back(mark);
    if (mark.kind != TextMark::Kind::kHeading) continue;
    if (!headings_.empty() && mark.span.begin < headings_.back().span.end) continue;  // within another
    Heading heading;
    heading.span = mark.span, heading.level = mark.number, heading.title = TitleOf(TextOf(text_, mark.span));
    while (!open.empty() && headings_[static_cast<size_t>(open.back())].level >= heading.level) open.pop_back();
    if (!open.empty()) heading.parent = open.back();
    heading.depth = static_cast<int32_t>(open.size()) + 1;
    open.push_back(static_cast<int32_t>(headings_.size()));
    headings_.push_back(std::move(heading));
  }
}

// The innermost heading that both stand under; -1: none.
int32_t Outline::Common(int32_t a, int32_t b) const {
  while (a != b) {
    if (a < 0 || b < 0) return -1;
    int32_t& deeper = headings_[static_cast<size_t>(a)].depth >= headings_[static_cast<size_t>(b)].depth ? a : b;
    deeper = headings_[static_cast<size_t>(deeper)].parent;
  }
  return a;
}

std::vector<std::string> Outline::PathOf(TextSpan span) const {
  // Section i begins with heading i; section -1 is what stands before the first.
  const auto after = std::ranges::upper_bound(headings_, span.begin, {}, [](const Heading& h) { return h.span.begin; });
  const auto first = static_cast<int32_t>(after - headings_.begin()) - 1;
  int32_t of_text = -2, of_headings = -2;  // -2: none yet
  for (int32_t i = first; i < static_cast<int32_t>(headings_.size()); ++i) {
    const TextSpan heading = i < 0 ? TextSpan{0, 0} : headings_[static_cast<size_t>(i)].span;
    if (heading.begin >= span.end && i >= 0) break;
    const bool is_last = i + 1 >= static_cast<int32_t>(headings_.size());
    const int64_t section_end = is_last ? span.end : headings_[static_cast<size_t>(i) + 1].span.begin;
    const TextSpan body{std::max(span.begin, heading.end), std::min(span.end, section_end)};
    if (!body.empty() && !Trim(TextOf(text_, body)).empty()) of_text = of_text == -2 ? i : Common(of_text, i);
    if (std::max(span.begin, heading.begin) < std::min(span.end, heading.end)) {
      of_headings = of_headings == -2 ? i : Common(of_headings, i);
    }
  }
  std::vector<std::string> path;
  for (int32_t i = of_text == -2 ? of_headings : of_text; i >= 0; i = headings_[static_cast<size_t>(i)].parent) {
    path.push_back(headings_[static_cast<size_t>(i)].title);
  }
  std::ranges::reverse(path);
  return path;
}

Outline::Pages Outline::PagesOf(TextSpan span) const {
  const auto page_at = [this](int64_t at) {
    const auto after = std::ranges::upper_bound(pages_, at, {}, [](const TextMark& page) { return page.span.begin; });
    return after == pages_.begin() ? 0 : (after - 1)->number;
  };
  return {page_at(span.begin), page_at(span.end - 1)};
}

}  // namespace atelier
