#include "base/text/describe.h"

#include <algorithm>

namespace atelier {

std::vector<BoundField> Bind(Fields fields, void* object) {
  std::vector<BoundField> bound;
  bound.reserve(fields.size());
  for (const Field& field : fields) {
    if (field.inlined == nullptr) {
      bound.push_back({&field, object});
      continue;
    }
    const std::vector<BoundField> inner = Bind(field.inlined(), field.member(object));
    bound.insert(bound.end(), inner.begin(), inner.end());
  }
  return bound;
}

std::vector<std::string_view> Choices(const Field& field) {
  std::vector<std::string_view> names;
  std::string_view rest = field.choices;
  while (!rest.empty()) {
    const size_t bar = rest.find('|');
    names.push_back(rest.substr(0, bar));
    rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
  }
  return names;
}

int EditDistance(std::string_view a, std::string_view b) {
  std::vector<int> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

std::string_view Nearest(std::string_view key, std::span<const std::string_view> known) {
  constexpr size_t kLongestKey = 64;  // nobody mistypes more; and the cost is the product of lengths
  std::string_view best;
  int best_distance = static_cast<int>(std::min(key.size(), kLongestKey)) / 2 + 1;
  if (key.size() > kLongestKey) return best;
  for (const std::string_view candidate : known) {
    const int distance = EditDistance(key, candidate);
    if (distance < best_distance) best = candidate, best_distance = distance;
  }
  return best;
}

}  // namespace atelier
