#include "knowledge/question_terms.h"

#include <cmath>
#include <set>

namespace atelier {
namespace {

std::set<std::string, std::less<>> TermsOf(const Analyzer& analyzer, std::string_view text, bool stop_words) {
  std::set<std::string, std::less<>> terms;
  analyzer.Analyze(text, [&](const TextToken& token) {
    if (!stop_words && analyzer.IsStopWord(text.substr(token.begin, token.end - token.begin))) return;
    terms.emplace(token.term);
  });
  return terms;
}

}  // namespace

QuestionTerms::QuestionTerms(const Analyzer& analyzer, std::string_view question,
                             const std::vector<std::string_view>& texts) {
  for (const std::string& term : TermsOf(analyzer, question, false)) weights_[term] = 0;
  for (const std::string_view text : texts) {
    for (const std::string& term : TermsOf(analyzer, text, true)) {
      if (const auto found = weights_.find(term); found != weights_.end()) found->second += 1;
    }
  }
  const auto num_texts = static_cast<double>(texts.size());
  for (auto& [term, weight] : weights_) {
    weight = std::log(1 + (num_texts - weight + 0.5) / (weight + 0.5));
    total_ += weight;
  }
}

double QuestionTerms::Share(const Analyzer& analyzer, std::string_view text) const {
  if (total_ <= 0) return 0;
  double shared = 0;
  for (const std::string& term : TermsOf(analyzer, text, true)) {
    if (const auto found = weights_.find(term); found != weights_.end()) shared += found->second;
  }
  return shared / total_;
}

}  // namespace atelier
