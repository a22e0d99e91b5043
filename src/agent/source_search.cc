#include "agent/source_search.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "agent/tool_output.h"
#include "knowledge/index/text/analyzer.h"

namespace atelier {
namespace {

constexpr size_t kMaxTerms = 4;      // that are asked for one by one
constexpr size_t kMinTermBytes = 3;  // shorter ones stand in everything

std::string TextOf(const Json& value) { return value.is_string() ? value.AsString() : std::string(); }

GatheredCall CallOf(const std::string& name, const std::string& argument, const std::string& value, size_t number) {
  GatheredCall call;
  call.id = "call_" + std::to_string(number), call.name = name;
  call.arguments = Json::Object({{argument, value}}).Dump();
  return call;
}

bool IsWordByte(unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-' || c >= 0x80; }

// Names and numbers say more than other words, long words more than short ones.
int WeightOf(const std::string& word, bool first) {
  const bool is_name = !first && std::isupper(static_cast<unsigned char>(word[0])) != 0;
  const bool has_digit = std::ranges::any_of(word, [](unsigned char c) { return std::isdigit(c) != 0; });
  return static_cast<int>(word.size()) + (is_name ? 100 : 0) + (has_digit ? 100 : 0);
}

std::vector<std::string> TermsOf(const std::string& question) {
  const auto analyzer = Analyzer::Create("en");
  std::vector<std::pair<int, std::string>> words;
  bool first = true;
  for (size_t at = 0; at < question.size();) {
    size_t end = at;
    while (end < question.size() && IsWordByte(static_cast<unsigned char>(question[end]))) ++end;
    const std::string word = question.substr(at, end - at);
    at = std::max(end, at + 1);
    if (word.empty()) continue;
    std::string lower = word;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const bool says_something = word.size() >= kMinTermBytes && !(analyzer.ok() && analyzer->IsStopWord(lower));
    if (says_something) words.emplace_back(-WeightOf(word, first), word);
    first = false;
  }
  std::stable_sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> terms;
  for (auto& [weight, word] : words) {
    if (terms.size() < kMaxTerms && std::ranges::find(terms, word) == terms.end()) terms.push_back(std::move(word));
  }
  return terms;
}

}  // namespace

std::vector<GatheredCall> SearchCalls(const ToolSpec& source, const std::string& question) {
  const SourceSpec& how = *source.source;
  const std::vector<std::string> queries = how.by_term ? TermsOf(question) : std::vector<std::string>{question};
  std::vector<GatheredCall> calls;
  for (const std::string& query : queries) calls.push_back(CallOf(source.name, how.query, query, calls.size()));
  return calls;
}

std::vector<SourceHit> FoundBy(const ToolSpec& source, const std::vector<Json>& outputs) {
  const SourceSpec& how = *source.source;
  std::vector<std::pair<int, SourceHit>> found;  // with how many calls found it, negated
  for (const Json& output : outputs) {
    if (IsErrorOutput(output)) continue;
    if (how.found.empty()) {
      found.push_back({-1, {.origin = {source.name, source.name, source.title}, .text = ReadText(output)}});
      continue;
    }
    const Json& list = output["structured"][how.found];
    if (!list.is_array()) continue;
    for (const Json& item : list.items()) {
      SourceHit one;
      one.origin = {source.name, how.id.empty() ? TextOf(item) : TextOf(item[how.id]), {}};
      if (!how.title.empty()) one.origin.title = TextOf(item[how.title]);
      if (!how.text.empty()) one.text = TextOf(item[how.text]);
      if (one.origin.id.empty()) continue;
      const auto known =
          std::ranges::find_if(found, [&](const auto& other) { return other.second.origin == one.origin; });
      if (known == found.end()) {
        found.emplace_back(-1, std::move(one));
      } else {
        --known->first;
      }
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<SourceHit> in_order;
  for (auto& [count, one] : found) in_order.push_back(std::move(one));
  return in_order;
}

std::vector<GatheredCall> ReadCalls(const ToolSpec& source, const std::vector<SourceHit>& found) {
  std::vector<GatheredCall> calls;
  for (const SourceHit& one : found) {
    calls.push_back(CallOf(source.source->read_by, source.source->read_argument, one.origin.id, calls.size()));
  }
  return calls;
}

std::string ReadText(const Json& output) {
  for (const char* member : {"text", "content"}) {
    if (output["structured"][member].is_string()) return output["structured"][member].AsString();
  }
  return TextOf(output["text"]);
}

}  // namespace atelier
