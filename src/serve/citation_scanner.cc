#include "serve/citation_scanner.h"

#include <algorithm>
#include <cctype>

namespace atelier {
namespace {

constexpr size_t kMostInside = 32;  // bytes between brackets
constexpr int64_t kMostNumber = 9999;

// The numbers between brackets; none where anything else is there.
std::vector<int64_t> NumbersIn(std::string_view inside) {
  std::vector<int64_t> numbers;
  bool in_number = false;
  for (const char c : inside) {
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      if (!in_number) numbers.push_back(0);
      numbers.back() = std::min(numbers.back() * 10 + (c - '0'), kMostNumber + 1);
      in_number = true;
    } else if (c == ',' || c == ' ') {
      in_number = false;
    } else {
      return {};
    }
  }
  return numbers;
}

}  // namespace

std::vector<FoundCitation> CitationScanner::Scan(std::string_view text) {
  std::vector<FoundCitation> found;
  const auto pass = [&](size_t end) {
    num_characters_ += std::count_if(text.begin() + static_cast<std::ptrdiff_t>(scanned_),
                                     text.begin() + static_cast<std::ptrdiff_t>(end),
                                     [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    scanned_ = end;
  };
  while (scanned_ < text.size()) {
    const size_t open = text.find('[', scanned_);
    pass(std::min(open, text.size()));
    if (open == std::string_view::npos) break;
    const std::string_view rest = text.substr(open + 1, kMostInside + 1);
    const size_t close = rest.find_first_not_of("0123456789, ");
    if (close == std::string_view::npos && rest.size() <= kMostInside) break;  // it may still close
    if (close != std::string_view::npos && rest[close] == ']') {
      for (const int64_t number : NumbersIn(rest.substr(0, close))) found.push_back({number, num_characters_});
    }
    pass(open + 1);
  }
  return found;
}

}  // namespace atelier
