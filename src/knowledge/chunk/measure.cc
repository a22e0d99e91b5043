#include "knowledge/chunk/measure.h"

#include <algorithm>

#include "base/check.h"
#include "base/text/unicode.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr int64_t kStride = 64;
// Words are counted in pieces of at most so many bytes, so that estimates within them are not far off.
constexpr int64_t kMaxWordBytes = 24;
// How far back a border of clusters is looked for before a code point has to do.
constexpr int64_t kMaxClusterBytes = 256;

bool IsTail(char byte) { return (static_cast<uint8_t>(byte) & 0xC0) == 0x80; }
bool IsAsciiSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsAscii(char c) { return static_cast<uint8_t>(c) < 0x80; }

int64_t CountBegun(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char byte) { return !IsTail(byte); });
}

}  // namespace

Measure::Measure(std::string_view text, ChunkUnit unit, const TokenCounter* counter)
    : text_(text), unit_(unit), counter_(counter) {
  CHECK(unit != ChunkUnit::kTokens || counter != nullptr);
  if (unit == ChunkUnit::kTokens) CountTokens();
  if (unit != ChunkUnit::kCharacters) return;
  int64_t sum = 0;
  const auto size = static_cast<int64_t>(text.size());
  for (int64_t at = 0; at <= size; at += kStride) {
    marks_.push_back({at, sum});
    sum += CountBegun(text.substr(static_cast<size_t>(at), kStride));
  }
}

void Measure::CountTokens() {
  const auto size = static_cast<int64_t>(text_.size());
  int64_t sum = 0;
  marks_.push_back({0, 0});
  for (int64_t at = 0; at < size;) {
    int64_t end = at;
    while (end < size && IsAsciiSpace(text_[static_cast<size_t>(end)])) ++end;
    const int64_t begin = end;
    while (end < size && !IsAsciiSpace(text_[static_cast<size_t>(end)]) && end - begin < kMaxWordBytes) {
      end = NextCodePoint(end);
    }
    sum += std::max(counter_->Count(TextOf(text_, {at, end})), (end - begin) / kMaxBytesPerToken);
    marks_.push_back({end, sum});
    at = end;
  }
}

int64_t Measure::Size(TextSpan span) const {
  if (span.empty()) return 0;
  switch (unit_) {
    case ChunkUnit::kBytes: return span.size();
    case ChunkUnit::kCharacters: return Estimate(span);
    case ChunkUnit::kTokens: break;
  }
  const int64_t least = (span.size() + kMaxBytesPerToken - 1) / kMaxBytesPerToken;
  return std::max(least, counter_->Count(TextOf(text_, span)));
}

bool Measure::Fits(TextSpan span, int64_t limit) const {
  if (unit_ != ChunkUnit::kTokens) return span.size() <= limit || Size(span) <= limit;
  return span.size() <= limit * kMaxBytesPerToken &&
         Size(span) <= limit;  // a long text is not counted to find that out
}

int64_t Measure::Estimate(int64_t at) const {
  if (unit_ == ChunkUnit::kBytes) return at;
  if (unit_ == ChunkUnit::kCharacters) {
    const Mark& mark = marks_[static_cast<size_t>(at / kStride)];
    return mark.sum + CountBegun(TextOf(text_, {mark.at, at}));
  }
  const auto after = std::ranges::lower_bound(marks_, at, {}, &Mark::at);
  if (after->at == at) return after->sum;
  const Mark& before = *(after - 1);
  return before.sum + (after->sum - before.sum) * (at - before.at) / (after->at - before.at);
}

int64_t Measure::PlaceOf(int64_t sum) const {
  if (unit_ == ChunkUnit::kBytes) return std::min(sum, static_cast<int64_t>(text_.size()));
  const auto after = std::ranges::upper_bound(marks_, sum, {}, &Mark::sum);
  if (unit_ == ChunkUnit::kTokens) return (after == marks_.begin() ? after : after - 1)->at;
  int64_t at = (after - 1)->at;
  for (int64_t left = sum - (after - 1)->sum; left > 0 && at < static_cast<int64_t>(text_.size()); --left) {
    at = NextCodePoint(at);
  }
  return at;
}

int64_t Measure::CodePointBefore(int64_t at) const {
  while (at > 0 && at < static_cast<int64_t>(text_.size()) && IsTail(text_[static_cast<size_t>(at)])) --at;
  return at;
}

int64_t Measure::NextCodePoint(int64_t at) const {
  ++at;
  while (at < static_cast<int64_t>(text_.size()) && IsTail(text_[static_cast<size_t>(at)])) ++at;
  return at;
}

int64_t Measure::BorderBefore(int64_t at) const {
  at = CodePointBefore(at);
  if (at <= 0 || at >= static_cast<int64_t>(text_.size())) return at;
  // Between two ASCII characters that are not CR LF there is a border.
  const auto is_sure = [this](int64_t place) {
    const char before = text_[static_cast<size_t>(place - 1)], here = text_[static_cast<size_t>(place)];
    return IsAscii(before) && IsAscii(here) && !(before == '\r' && here == '\n');
  };
  int64_t from = at;
  while (from > 0 && !is_sure(from) && at - from < kMaxClusterBytes) --from;
  for (int64_t border = CodePointBefore(from);;) {
    const auto next = static_cast<int64_t>(GraphemeEnd(text_, static_cast<size_t>(border)));
    if (next > at) return at - border < kMaxClusterBytes ? border : at;
    border = next;
  }
}

int64_t Measure::Reach(TextSpan span, int64_t limit) const {
  if (Fits(span, limit)) return span.end;
  int64_t end = std::min(span.end, PlaceOf(Estimate(span.begin) + limit));
  while (true) {
    int64_t border = BorderBefore(end);
    if (border <= span.begin) border = CodePointBefore(end);
    if (border <= span.begin) return NextCodePoint(span.begin);
    const int64_t size = Size({span.begin, border});
    if (size <= limit) return border;
    // Tokens alone come here: shorter by what is too much, and never by nothing.
    end = std::min(border - 1, span.begin + (border - span.begin) * limit / (size + 1));
  }
}

int64_t Measure::ReachBack(TextSpan span, int64_t limit) const {
  if (limit <= 0) return span.end;
  if (Fits(span, limit)) return span.begin;
  int64_t begin = std::max(span.begin, PlaceOf(std::max<int64_t>(0, Estimate(span.end) - limit)));
  while (begin < span.end) {
    int64_t border = BorderBefore(begin);
    if (border < begin) border = static_cast<int64_t>(GraphemeEnd(text_, static_cast<size_t>(border)));
    if (border >= span.end) return span.end;
    const int64_t size = Size({border, span.end});
    if (size <= limit) return border;
    begin = std::max(NextCodePoint(border), span.end - (span.end - border) * limit / (size + 1));
  }
  return span.end;
}

TextSpan Measure::Trimmed(TextSpan span) const {
  const std::string_view whole = TextOf(text_, span);
  const std::string_view left = TrimLeft(whole);
  span.begin += static_cast<int64_t>(whole.size() - left.size());
  span.end = span.begin + static_cast<int64_t>(TrimRight(left).size());
  return span;
}

}  // namespace atelier
