// Numbers as text: the shortest decimal that reads back as the same double, in the form that Python's
// repr and JSON share ("0.1", "1.0", "1e-05", "1e+16").
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace atelier {

// "nan", "inf" and "-inf" for what JSON cannot say.
std::string DoubleText(double value);

// The double nearest to a JSON number's text; infinity where it is too large. Nothing where `text` is
// not wholly a number.
std::optional<double> ParseDouble(std::string_view text);

}  // namespace atelier
