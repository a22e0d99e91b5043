// Labels of internationalised domain names: IDNA 2008 [RFC 5890 to 5893] and Punycode [RFC 3492].
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace atelier {

// Whether a label in its own script may stand in a domain name: its characters, their contexts, their directions.
bool IsULabel(std::u32string_view label);

// Without the "xn--". Nothing where the text is no Punycode, or the code points do not fit.
std::optional<std::u32string> DecodePunycode(std::string_view text);
std::optional<std::string> EncodePunycode(std::u32string_view text);

}  // namespace atelier
