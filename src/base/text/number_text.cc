#include "base/text/number_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace atelier {

std::string DoubleText(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[40];
  const auto shortest = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view digits(buffer, static_cast<size_t>(shortest.ptr - buffer));
  const size_t e = digits.find('e');
  const int exponent = std::atoi(std::string(digits.substr(e + 1)).c_str());
  if (exponent < -4 || exponent >= 16) return std::string(digits);
  char fixed[48];
  const auto plain = std::to_chars(fixed, fixed + sizeof fixed, value, std::chars_format::fixed);
  std::string text(fixed, plain.ptr);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::optional<double> ParseDouble(std::string_view text) {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (status == std::errc::result_out_of_range) {
    // from_chars does not say on which side; strtod does, and a number's text has no locale in it.
    return std::strtod(std::string(text).c_str(), nullptr);
  }
  if (status != std::errc()) return std::nullopt;
  return value;
}

}  // namespace atelier
