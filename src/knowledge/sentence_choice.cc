#include "knowledge/sentence_choice.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/text/sentences.h"
#include "knowledge/question_terms.h"

namespace atelier {
namespace {

constexpr size_t kLeastBytes = 12;  // shorter ones say nothing alone

bool IsLetter(unsigned char c) { return std::isalpha(c) != 0 || c >= 0x80; }

// Whether a line is of the text's making rather than what it says: a heading, a rule, a fence, a table's ruler.
bool IsMarkup(std::string_view line) {
  if (line.starts_with('#') || line.starts_with("```") || line.starts_with("~~~")) return true;
  return std::none_of(line.begin(), line.end(), [](char c) { return IsLetter(static_cast<unsigned char>(c)); });
}

struct Piece {
  size_t begin = 0;
  std::string_view text;
};

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// Parts of a text that may hold sentences: rows of tables each alone, the lines between markup together. Fenced code is
// left out.
std::vector<std::string_view> Blocks(std::string_view text) {
  std::vector<std::string_view> blocks;
  bool in_code = false;
  size_t open = 0;  // where the block under way begins
  const auto close = [&](size_t end) {
    if (end > open) blocks.push_back(text.substr(open, end - open));
  };
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = Trimmed(text.substr(begin, end - begin));
    const bool fence = line.starts_with("```") || line.starts_with("~~~");
    const bool row = line.starts_with('|');
    if (fence || in_code || row || (!line.empty() && IsMarkup(line))) {
      if (!in_code) close(begin);
      if (row && !in_code && !IsMarkup(line)) blocks.push_back(text.substr(begin, end - begin));
      open = std::min(end + 1, text.size());
    }
    if (fence) in_code = !in_code;
    begin = end + 1;
  }
  if (!in_code) close(text.size());
  return blocks;
}

std::string Preface(const Passage& passage) {
  std::string preface = passage.title;
  for (const std::string& heading : passage.chunk.heading_path) {
    if (heading != passage.title) preface += (preface.empty() ? "" : " > ") + heading;
  }
  return preface.empty() ? preface : preface + ": ";
}

}  // namespace

std::vector<Quotable> QuotablesOf(const std::vector<Passage>& passages) {
  std::vector<Quotable> candidates;
  std::set<std::pair<std::string_view, int64_t>> seen;
  for (size_t p = 0; p < passages.size(); ++p) {
    const Passage& passage = passages[p];
    const std::string preface = Preface(passage);
    for (const std::string_view block : Blocks(passage.text)) {
      for (const std::string_view sentence : SplitSentences(block)) {
        if (sentence.size() < kLeastBytes || IsMarkup(sentence)) continue;
        const int64_t begin = passage.chunk.span.begin + (sentence.data() - passage.text.data());
        if (!seen.emplace(passage.document_id, begin).second) continue;
        candidates.push_back({p,
                              {begin, begin + static_cast<int64_t>(sentence.size())},
                              std::string(sentence),
                              preface + std::string(sentence)});
      }
    }
  }
  return candidates;
}

std::vector<QuotableFigures> FiguresOf(const std::vector<Quotable>& candidates, const std::vector<Passage>& passages,
                                       std::string_view question, const Analyzer& analyzer) {
  std::vector<std::string_view> texts;
  for (const Quotable& candidate : candidates) texts.push_back(candidate.text);
  const QuestionTerms terms(analyzer, question, texts);
  double best = 0;
  for (const Passage& passage : passages) best = std::max(best, passage.score);
  std::vector<QuotableFigures> figures;
  for (size_t i = 0; i < candidates.size(); ++i) {
    QuotableFigures of;
    of.share = terms.Share(analyzer, candidates[i].text);
    std::string place = candidates[i].said;
    if (i > 0 && candidates[i - 1].passage == candidates[i].passage) place += " " + candidates[i - 1].text;
    if (i + 1 < candidates.size() && candidates[i + 1].passage == candidates[i].passage) {
      place += " " + candidates[i + 1].text;
    }
    of.share_in_place = terms.Share(analyzer, place);
    of.passage = best > 0 ? passages[candidates[i].passage].score / best : 0;
    of.passage_cosine = passages[candidates[i].passage].vector_score.value_or(0);
    figures.push_back(of);
  }
  return figures;
}

double Relevance(const QuotableFigures& figures) {
  const double x = -7.42 + 4.73 * figures.cosine + 2.12 * figures.share + 0.67 * figures.share_in_place +
                   1.40 * figures.passage + 1.07 * figures.passage_cosine;
  return 1 / (1 + std::exp(-x));
}

double Confidence(const std::vector<QuotableFigures>& figures) {
  double best = 0;
  for (const QuotableFigures& of : figures) best = std::max(best, Relevance(of));
  return best;
}

}  // namespace atelier
