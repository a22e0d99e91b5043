// Base64 with padding.   [RFC 4648, section 4]
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace atelier {

std::string Base64Encode(std::string_view bytes);
// Errors: characters outside the alphabet, wrong padding.
Result<std::string> Base64Decode(std::string_view text);

}  // namespace atelier
