#include "knowledge/answerability.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "knowledge/specifics.h"

namespace atelier {
namespace {

constexpr double kMostMissing = 3;

// Folded words with a blank on each side.
std::string Words(std::string_view text, const Analyzer& analyzer) {
  std::string words = " ";
  for (Analyzer::Word word = Analyzer::NextWord(text, 0); word.begin < text.size();
       word = Analyzer::NextWord(text, word.end)) {
    words += analyzer.Fold(text.substr(word.begin, word.end - word.begin)) + " ";
  }
  return words;
}

bool AsksForQuantity(const std::string& words) {
  static constexpr std::array<std::string_view, 22> kPhrases = {
      " how many ",   " how much ",    " how long ",   " how often ",   " how large ",  " how big ",
      " how far ",    " how fast ",    " how quick ",  " how wide ",    " how old ",    " how high ",
      " what size ",  " what number ", " what speed ", " what factor ", " what share ", " what percentage ",
      " which port ", " which size ",  " default of ", " default for "};
  return std::ranges::any_of(kPhrases, [&](std::string_view phrase) { return words.find(phrase) != words.npos; });
}

bool HasQuantity(const std::string& words) {
  for (size_t at = words.find(' '); at + 1 < words.size(); at = words.find(' ', at + 1)) {
    if (words[at + 1] >= '0' && words[at + 1] <= '9') return true;
  }
  return false;
}

double SpecificsMissing(std::string_view question, std::string_view said, const Analyzer& analyzer) {
  const std::string words = Words(said, analyzer);
  std::set<std::string> missing;
  for (const std::string& name : NamesOf(question)) {
    const std::string folded = analyzer.Fold(name);
    if (words.find(" " + folded + " ") == words.npos) missing.insert(folded);
  }
  const std::vector<std::string> there = NumbersOf(said);
  for (const std::string& number : NumbersOf(question)) {
    if (std::ranges::find(there, number) == there.end()) missing.insert(number);
  }
  return std::min(static_cast<double>(missing.size()), kMostMissing);
}

}  // namespace

AnswerCues CuesOf(std::string_view question, const Quotable& likeliest, const Analyzer& analyzer) {
  AnswerCues cues;
  if (analyzer.language() != "en") return cues;
  cues.specifics_missing = SpecificsMissing(question, likeliest.said, analyzer);
  cues.quantity_asked = AsksForQuantity(Words(question, analyzer));
  cues.quantity_missing = cues.quantity_asked > 0 && !HasQuantity(Words(likeliest.text, analyzer));
  return cues;
}

double Answerability(const AnswerCues& cues) {
  const double x = 0.93 - 0.76 * cues.specifics_missing - 0.60 * cues.quantity_asked - 0.38 * cues.quantity_missing;
  return 1 / (1 + std::exp(-x));
}

}  // namespace atelier
