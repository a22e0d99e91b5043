#include "knowledge/claim_reader.h"

#include <algorithm>
#include <charconv>

#include "base/text/sentences.h"

namespace atelier {
namespace {

constexpr size_t kMaxMarkBytes = 32;

bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// "[1]", "[1, 2]" at text[at]: its numbers, and `at` moves behind it. None: it is no mark.
std::vector<int32_t> ReadMark(std::string_view text, size_t& at) {
  const size_t close = text.substr(at, kMaxMarkBytes).find(']');
  std::vector<int32_t> numbers;
  if (text[at] != '[' || close == std::string_view::npos) return {};
  const char* next = text.data() + at + 1;
  const char* const end = text.data() + at + close;
  while (next < end) {
    int32_t number = 0;
    const auto read = std::from_chars(next, end, number);
    if (read.ec != std::errc()) return {};
    numbers.push_back(number);
    next = read.ptr;
    while (next < end && (IsBlank(*next) || *next == ',')) ++next;
  }
  at += close + 1;
  return numbers;
}

void AddSources(const std::vector<int32_t>& numbers, WrittenClaim& claim) {
  for (const int32_t number : numbers) {
    if (std::ranges::find(claim.sources, number) == claim.sources.end()) claim.sources.push_back(number);
  }
}

// One sentence; marks before its first word belong to the claim before.
void AddSentence(std::string_view sentence, std::vector<WrittenClaim>& claims) {
  WrittenClaim claim;
  for (size_t at = 0; at < sentence.size();) {
    const size_t before = at;
    const std::vector<int32_t> numbers = ReadMark(sentence, at);
    if (!numbers.empty()) {
      AddSources(numbers, claim.text.empty() && !claims.empty() ? claims.back() : claim);
      continue;
    }
    const char c = sentence[before];
    at = before + 1;
    if (!IsBlank(c)) claim.text += c;
    if (IsBlank(c) && !claim.text.empty() && claim.text.back() != ' ') claim.text += ' ';
  }
  // "16 [2]." has a blank before its full stop once the mark is gone.
  while (!claim.text.empty() && claim.text.back() == ' ') claim.text.pop_back();
  const size_t size = claim.text.size();
  if (size > 1 && claim.text[size - 2] == ' ' &&
      std::string_view(".!?").find(claim.text.back()) != std::string_view::npos) {
    claim.text.erase(size - 2, 1);
  }
  if (!claim.text.empty()) claims.push_back(std::move(claim));
}

}  // namespace

std::vector<WrittenClaim> ReadClaims(std::string_view text) {
  std::vector<WrittenClaim> claims;
  for (const std::string_view sentence : SplitSentences(text)) AddSentence(sentence, claims);
  return claims;
}

std::vector<WrittenClaim> ClaimReader::Take(size_t num_kept) {
  std::vector<WrittenClaim> claims = ReadClaims(text_);
  const size_t end = claims.size() - std::min(claims.size(), num_kept);
  if (end <= num_taken_) return {};
  std::vector<WrittenClaim> fresh(claims.begin() + static_cast<std::ptrdiff_t>(num_taken_),
                                  claims.begin() + static_cast<std::ptrdiff_t>(end));
  num_taken_ = end;
  return fresh;
}

// The last claim may go on. What stands behind the one before may still become one of its marks, or a word that
// shows that its full stop was none, until two words are there.
std::vector<WrittenClaim> ClaimReader::Add(std::string_view text) {
  text_ += text;
  const std::vector<WrittenClaim> claims = ReadClaims(text_);
  const bool is_begun = !claims.empty() && std::ranges::count(claims.back().text, ' ') >= 2;
  return Take(is_begun ? 1 : 2);
}

std::vector<WrittenClaim> ClaimReader::Finish() { return Take(0); }

}  // namespace atelier
