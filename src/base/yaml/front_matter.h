// Front matter: YAML between two lines "---" at the beginning of a text file, and what follows.
#pragma once

#include <string>

#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

struct FrontMatter {
  Json values;       // of the YAML
  std::string text;  // after it, lines ended by '\n'
};

// Errors: kInvalid, there is none, or no YAML in it, or the text is no UTF-8; kTooLarge, it is over 64 KiB.
Result<FrontMatter> ReadFrontMatter(std::string text);

}  // namespace atelier
