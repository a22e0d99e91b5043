#include "agent/spans.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text/json_schema_validator.h"

namespace atelier {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kBefore = "\"'([{<";
constexpr std::string_view kAfter = "\"')]}>.,;:?!";

std::vector<std::pair<size_t, size_t>> Words(std::string_view text) {
  std::vector<std::pair<size_t, size_t>> words;
  for (size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
    words.emplace_back(at, end);
    at = text.find_first_not_of(kBlanks, end);
  }
  return words;
}

// A bracket that closes one within the span stays: "3 * (4 + 5)".
bool Closes(std::string_view span) {
  const char open = span.back() == ')' ? '(' : span.back() == ']' ? '[' : span.back() == '}' ? '{' : '\0';
  return open != '\0' && std::ranges::count(span, open) >= std::ranges::count(span, span.back());
}
bool Opens(std::string_view span) {
  const char close = span.front() == '(' ? ')' : span.front() == '[' ? ']' : span.front() == '{' ? '}' : '\0';
  return close != '\0' && std::ranges::count(span, close) >= std::ranges::count(span, span.front());
}

std::string_view Trimmed(std::string_view span) {
  while (!span.empty() && kAfter.contains(span.back()) && !Closes(span)) span.remove_suffix(1);
  while (!span.empty() && kBefore.contains(span.front()) && !Opens(span)) span.remove_prefix(1);
  return span;
}

// Whether it says what a text looks like, so that the longest that fits is meant.
bool IsTelling(const Json& schema) { return schema.Has("pattern") || schema.Has("format"); }

bool IsOfNumbers(const Json& schema) { return schema["type"] == Json("number") || schema["type"] == Json("integer"); }

}  // namespace

Result<std::vector<std::string>> SpansFor(std::string_view text, const Json& schema) {
  TRY(auto document, SchemaDocument::Parse(schema));
  TRY(const auto validator, JsonSchemaValidator::Create(std::move(document), FormatPolicy::kAssert));
  const auto words = Words(text);
  const bool longest = IsTelling(schema) || IsOfNumbers(schema);
  std::vector<std::string> spans;
  std::set<std::string_view> seen;
  size_t taken_to = 0;  // where the longest span so far ends
  for (size_t first = 0; first < words.size(); ++first) {
    const size_t num_before = spans.size();
    size_t end_of_last = 0;
    for (size_t last = first; last < std::min(words.size(), first + kMaxSpanWords); ++last) {
      const std::string_view span = Trimmed(text.substr(words[first].first, words[last].second - words[first].first));
      if (span.empty() || !seen.insert(span).second) continue;
      Result<Json> value = IsOfNumbers(schema) ? Json::Parse(span) : Result<Json>(Json(span));
      if (!value.ok()) continue;
      TRY(const auto violations, validator.Validate(*value, 1));
      if (!violations.empty()) continue;
      if (longest) spans.resize(num_before);
      spans.emplace_back(span), end_of_last = last + 1;
      if (spans.size() == kMaxSpans) return spans;
    }
    if (longest && end_of_last <= taken_to) spans.resize(num_before);
    taken_to = std::max(taken_to, end_of_last);
  }
  return spans;
}

}  // namespace atelier
