#include "knowledge/specifics.h"

#include <algorithm>

#include "base/text/sentences.h"
#include "knowledge/index/text/analyzer.h"

namespace atelier {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }

}  // namespace

std::vector<std::string> NumbersOf(std::string_view text) {
  std::vector<std::string> numbers;
  for (size_t i = 0; i < text.size();) {
    if (!IsDigit(text[i])) {
      ++i;
      continue;
    }
    std::string number;
    for (; i < text.size(); ++i) {
      const bool inside = i + 1 < text.size() && IsDigit(text[i + 1]);
      if (IsDigit(text[i]) || (text[i] == '.' && inside)) {
        number += text[i];
      } else if (text[i] != ',' || !inside) {
        break;
      }
    }
    numbers.push_back(std::move(number));
  }
  return numbers;
}

std::vector<std::string> NamesOf(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string_view sentence : SplitSentences(text)) {
    bool first = true;
    for (Analyzer::Word word = Analyzer::NextWord(sentence, 0); word.begin < sentence.size();
         word = Analyzer::NextWord(sentence, word.end)) {
      const std::string_view spelt = sentence.substr(word.begin, word.end - word.begin);
      const bool inner_capital = std::any_of(spelt.begin() + 1, spelt.end(), IsCapital);
      const bool joined = spelt.find('_') != spelt.npos;
      if (joined || inner_capital || (!first && IsCapital(spelt[0]) && spelt.size() > 1)) names.emplace_back(spelt);
      first = false;
    }
  }
  return names;
}

}  // namespace atelier
