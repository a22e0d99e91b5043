#include "knowledge/retrieve/mmr.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>

namespace atelier {
namespace {

std::set<std::string> WordsOf(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  auto end_word = [&words, &word] {
    if (!word.empty()) words.insert(word);
    word.clear();
  };
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool is_word =
        static_cast<unsigned char>(c) >= 0x80 || (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
    if (is_word) {
      word += lower;
    } else {
      end_word();
    }
  }
  end_word();
  return words;
}

}  // namespace

std::vector<size_t> MarginalOrder(std::span<const double> relevance, const Likeness& likeness, double lambda) {
  constexpr double kNone = -std::numeric_limits<double>::infinity();
  std::vector<size_t> order;
  std::vector<double> nearest(relevance.size(), kNone);  // likeness to one placed before
  std::vector<bool> placed(relevance.size());
  while (order.size() < relevance.size()) {
    size_t best = relevance.size();
    double best_value = kNone;
    for (size_t i = 0; i < relevance.size(); ++i) {
      if (placed[i]) continue;
      const double repeated = order.empty() ? 0 : nearest[i];
      const double value = lambda * relevance[i] - (1 - lambda) * repeated;
      if (value > best_value) best = i, best_value = value;
    }
    placed[best] = true;
    order.push_back(best);
    for (size_t i = 0; i < relevance.size(); ++i) {
      if (!placed[i]) nearest[i] = std::max(nearest[i], likeness(best, i));
    }
  }
  return order;
}

double WordOverlap(std::string_view a, std::string_view b) {
  const std::set<std::string> left = WordsOf(a), right = WordsOf(b);
  size_t both = 0;
  for (const std::string& word : left) both += right.count(word);
  const size_t either = left.size() + right.size() - both;
  return either == 0 ? 0 : static_cast<double>(both) / static_cast<double>(either);
}

}  // namespace atelier
