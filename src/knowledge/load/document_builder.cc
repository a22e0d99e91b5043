#include "knowledge/load/document_builder.h"

#include <algorithm>

#include "base/text/utf8.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;

constexpr std::string_view kSpace = " \t\n\r\f\v";

int NewlinesAfter(Kind kind) {
  switch (kind) {
    case Kind::kListItem:
    case Kind::kTableRow:
    case Kind::kCaption: return 1;
    case Kind::kTableCell: return 0;
    default: return 2;
  }
}

// How far out a kind stands where two marks have one span.
int RankOf(Kind kind) {
  switch (kind) {
    case Kind::kPage: return 0;
    case Kind::kMessage: return 1;
    case Kind::kQuote: return 2;
    case Kind::kTable: return 3;
    case Kind::kTableRow: return 4;
    case Kind::kTableCell: return 5;
    case Kind::kListItem: return 6;
    default: return 7;
  }
}

bool Before(const TextMark& a, const TextMark& b) {
  if (a.span.begin != b.span.begin) return a.span.begin < b.span.begin;
  if (a.span.end != b.span.end) return a.span.end > b.span.end;
  return RankOf(a.kind) < RankOf(b.kind);
}

}  // namespace

void SortMarks(std::vector<TextMark>& marks) { std::ranges::stable_sort(marks, Before); }

std::string FaultOfMarks(const Document& document) {
  const auto between = [&](int64_t at) {
    if (at < 0 || at > static_cast<int64_t>(document.text.size())) return false;
    return at == static_cast<int64_t>(document.text.size()) ||
           (static_cast<unsigned char>(document.text[static_cast<size_t>(at)]) & 0xC0) != 0x80;
  };
  std::vector<int64_t> ends;
  for (size_t i = 0; i < document.marks.size(); ++i) {
    const TextSpan span = document.marks[i].span;
    const std::string name =
        "mark " + std::to_string(i) + " [" + std::to_string(span.begin) + ", " + std::to_string(span.end) + ")";
    if (span.empty()) return name + " is empty";
    if (!between(span.begin) || !between(span.end)) return name + " does not lie between characters of the text";
    if (i > 0 && Before(document.marks[i], document.marks[i - 1])) return name + " is out of order";
    while (!ends.empty() && ends.back() <= span.begin) ends.pop_back();
    if (!ends.empty() && ends.back() < span.end) return name + " crosses the end of another";
    ends.push_back(span.end);
  }
  return {};
}

void DocumentBuilder::Begin(Kind kind, int32_t number, std::string label) {
  if (kind != Kind::kTableCell) Break(kind == Kind::kListItem || kind == Kind::kTableRow ? 1 : 2);
  open_cells_ += kind == Kind::kTableCell;
  open_.push_back({{kind, {}, number, std::move(label)}, false});
}

void DocumentBuilder::End() {
  if (open_.empty()) return;
  OpenMark last = std::move(open_.back());
  open_.pop_back();
  open_cells_ -= last.mark.kind == Kind::kTableCell;
  if (last.started) {
    last.mark.span.end = size();
    while (last.mark.span.end > last.mark.span.begin &&
           kSpace.find(text_[static_cast<size_t>(last.mark.span.end - 1)]) != std::string_view::npos) {
      --last.mark.span.end;
    }
    const size_t most = last.mark.kind == Kind::kTableCell ? kMaxMarks / 2 : kMaxMarks;
    if (!last.mark.span.empty() && closed_.size() < most) closed_.push_back(std::move(last.mark));
  }
  Break(NewlinesAfter(last.mark.kind));
}

void DocumentBuilder::Inline(std::string_view text) {
  while (!text.empty()) {
    const size_t word = text.find_first_not_of(kSpace);
    if (word != 0 && pending_newlines_ == 0 && pending_separator_.empty()) pending_separator_ = " ";
    if (word == std::string_view::npos) return;
    text.remove_prefix(word);
    const size_t end = std::min(text.find_first_of(kSpace), text.size());
    Append(text.substr(0, end));
    text.remove_prefix(end);
  }
}

void DocumentBuilder::Raw(std::string_view text) { Append(text); }

void DocumentBuilder::Break(int newlines) {
  if (open_cells_ > 0) return pending_separator_.empty() ? Separate(" ") : void();
  if (newlines > 0) pending_separator_.clear();
  pending_newlines_ = std::max(pending_newlines_, newlines);
}

void DocumentBuilder::Separate(std::string_view separator) {
  if (pending_newlines_ == 0) pending_separator_ = separator;
}

void DocumentBuilder::Flush() {
  if (!text_.empty()) {
    for (size_t at = text_.size(); at > 0 && text_[at - 1] == '\n' && pending_newlines_ > 0; --at) --pending_newlines_;
    text_.append(static_cast<size_t>(pending_newlines_), '\n');
    if (text_.back() != '\n') text_ += pending_separator_;
  }
  pending_newlines_ = 0;
  pending_separator_.clear();
}

void DocumentBuilder::Append(std::string_view text) {
  if (text.empty() || over_limit_) return;
  std::string mended;
  if (text.find('\0') != std::string_view::npos || !IsValidUtf8(text)) {
    for (const char c : ReplaceInvalidUtf8(text)) c == '\0' ? mended.append("\uFFFD") : mended.append(1, c);
    text = mended;
  }
  if (size() + pending_newlines_ + static_cast<int64_t>(pending_separator_.size() + text.size()) > max_text_bytes_) {
    over_limit_ = true;
    return;
  }
  Flush();
  // Outer marks have started before inner ones, so the started ones are a prefix.
  for (auto mark = open_.rbegin(); mark != open_.rend() && !mark->started; ++mark) {
    mark->started = true;
    mark->mark.span.begin = size();
  }
  text_ += text;
}

Result<void> DocumentBuilder::Take(Document& document) {
  while (!open_.empty()) End();
  if (over_limit_) {
    return Error::TooLarge({}, "the text is above the limit of " + std::to_string(max_text_bytes_) + " bytes");
  }
  SortMarks(closed_);
  document.text = std::move(text_);
  document.marks = std::move(closed_);
  return {};
}

}  // namespace atelier
