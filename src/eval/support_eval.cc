#include "eval/support_eval.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "eval/auroc.h"

namespace atelier {
namespace {

constexpr size_t kLeastWords = 5;  // of a claim that says something

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }

struct Word {
  size_t begin = 0;
  std::string_view text;
};

std::vector<Word> WordsOf(std::string_view text) {
  std::vector<Word> words;
  for (size_t at = 0; at < text.size();) {
    if (!IsWordByte(text[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && IsWordByte(text[end])) ++end;
    words.push_back({at, text.substr(at, end - at)});
    at = end;
  }
  return words;
}

std::string Replaced(std::string_view text, size_t begin, size_t size, std::string_view by) {
  return std::string(text.substr(0, begin)) + std::string(by) + std::string(text.substr(begin + size));
}

bool IsName(const Word& word) {
  if (word.begin == 0) return false;  // a capital there is the sentence's
  const bool inner = std::any_of(word.text.begin() + 1, word.text.end(), IsUpper);
  return word.text.size() > 1 && (IsUpper(word.text[0]) || inner || word.text.find('_') != word.text.npos);
}

std::optional<std::string> WithOtherNumber(const std::string& claim) {
  for (size_t at = 0; at < claim.size(); ++at) {
    if (!IsDigit(claim[at])) continue;
    // The last digit of the first number: the smallest change.
    size_t end = at;
    while (end < claim.size() && IsDigit(claim[end])) ++end;
    std::string other = claim;
    other[end - 1] = static_cast<char>('0' + (other[end - 1] - '0' + 3) % 10);
    return other;
  }
  return std::nullopt;
}

std::optional<std::string> Negated(const std::string& claim) {
  static constexpr std::array<std::string_view, 15> kAuxiliaries = {
      "is", "are", "was", "were", "can", "will", "does", "do", "has", "have", "must", "may", "need", "could", "should"};
  const std::vector<Word> words = WordsOf(claim);
  for (const Word& word : words) {
    if (word.text == "not") return Replaced(claim, word.begin, 4, "");
  }
  for (const Word& word : words) {
    if (std::ranges::find(kAuxiliaries, word.text) == kAuxiliaries.end()) continue;
    const size_t end = word.begin + word.text.size();
    if (end < claim.size() && claim[end] == ' ') return Replaced(claim, end, 0, " not");
  }
  return std::nullopt;
}

// `names` of the whole document.
std::optional<std::string> WithOtherName(const std::string& claim, const std::set<std::string>& names) {
  std::set<std::string_view> own;
  const std::vector<Word> words = WordsOf(claim);
  for (const Word& word : words) own.insert(word.text);
  for (const Word& word : words) {
    if (!IsName(word)) continue;
    // The next name of the document in order of the alphabet that the claim does not have.
    auto other = names.upper_bound(std::string(word.text));
    for (size_t i = 0; i < names.size(); ++i, ++other) {
      if (other == names.end()) other = names.begin();
      if (!own.contains(*other)) return Replaced(claim, word.begin, word.text.size(), *other);
    }
  }
  return std::nullopt;
}

std::string Trimmed(std::string text) {
  while (!text.empty() && text.front() == ' ') text.erase(0, 1);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

std::string Retold(std::string_view sentence) {
  std::vector<std::string> retold;
  const size_t open = sentence.find(" ("), close = sentence.find(')');
  if (open != sentence.npos && close != sentence.npos && open < close) {
    retold.push_back(Replaced(sentence, open, close + 1 - open, ""));
  }
  const size_t first = sentence.find(", "), last = sentence.rfind(", ");
  if (first != sentence.npos && first < sentence.size() / 2) retold.emplace_back(sentence.substr(first + 2));
  if (last != sentence.npos && last > sentence.size() / 2)
    retold.push_back(std::string(sentence.substr(0, last)) + ".");
  for (std::string& one : retold) {
    one = Trimmed(std::move(one));
    if (WordsOf(one).size() >= kLeastWords) return one;
  }
  return std::string(sentence);
}

std::vector<SupportCase> SupportCasesOf(const std::vector<std::string>& sentences) {
  std::set<std::string> names;
  for (const std::string& sentence : sentences) {
    for (const Word& word : WordsOf(sentence)) {
      if (IsName(word)) names.emplace(word.text);
    }
  }
  std::vector<SupportCase> cases;
  for (size_t i = 0; i < sentences.size(); ++i) {
    const std::string& source = sentences[i];
    const std::string right = Retold(source);
    if (WordsOf(right).size() < kLeastWords) continue;
    auto add = [&](const char* kind, std::optional<std::string> wrong, const std::string& wrong_source) {
      if (wrong) cases.push_back({kind, source, right, std::move(*wrong), wrong_source});
    };
    add("number", WithOtherNumber(right), source);
    add("negation", Negated(right), source);
    add("entity", WithOtherName(right, names), source);
    if (i + 1 < sentences.size() && sentences[i + 1] != source) add("neighbour", right, sentences[i + 1]);
  }
  return cases;
}

std::vector<SupportScores> ScoreSupport(const std::vector<SupportCase>& cases, const SupportScorer& scorer,
                                        double keep_from) {
  struct Values {
    std::vector<double> right, wrong;
  };
  std::map<std::string, Values> by_kind;
  for (const SupportCase& one : cases) {
    const double right = scorer(one.right, one.source), wrong = scorer(one.wrong, one.wrong_source);
    for (const std::string& kind : {one.kind, std::string("all")}) {
      by_kind[kind].right.push_back(right);
      by_kind[kind].wrong.push_back(wrong);
    }
  }
  std::vector<SupportScores> rows;
  for (const auto& [kind, values] : by_kind) {
    const auto n = static_cast<double>(values.right.size());
    const auto dropped = std::ranges::count_if(values.right, [&](double value) { return value < keep_from; });
    const auto kept = std::ranges::count_if(values.wrong, [&](double value) { return value >= keep_from; });
    rows.push_back({kind, values.right.size(), Auroc(values.right, values.wrong), static_cast<double>(dropped) / n,
                    static_cast<double>(kept) / n});
  }
  std::ranges::stable_partition(rows, [](const SupportScores& row) { return row.kind != "all"; });
  return rows;
}

}  // namespace atelier
