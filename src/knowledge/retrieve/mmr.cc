#include "knowledge/retrieve/mmr.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

namespace atelier {

std::vector<size_t> WordHashes(std::string_view text) {
  std::vector<size_t> words;
  std::string word;
  auto end_word = [&words, &word] {
    if (!word.empty()) words.push_back(std::hash<std::string>()(word));
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
  std::ranges::sort(words);
  words.erase(std::ranges::unique(words).begin(), words.end());
  return words;
}

double Cosine(std::span<const float> a, std::span<const float> b) {
  double product = 0, square_a = 0, square_b = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    product += static_cast<double>(a[i]) * b[i];
    square_a += static_cast<double>(a[i]) * a[i];
    square_b += static_cast<double>(b[i]) * b[i];
  }
  const double lengths = std::sqrt(square_a) * std::sqrt(square_b);
  return lengths > 0 ? product / lengths : 0;
}

double WordOverlap(std::span<const size_t> a, std::span<const size_t> b) {
  size_t both = 0;
  for (size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    both += a[i] == b[k];
    const bool first = a[i] <= b[k], second = b[k] <= a[i];
    i += first, k += second;
  }
  const size_t either = a.size() + b.size() - both;
  return either == 0 ? 0 : static_cast<double>(both) / static_cast<double>(either);
}

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

}  // namespace atelier
