// Names that nobody can guess: of what is stored and asked for by name.
#pragma once

#include <string>
#include <string_view>

namespace atelier {

// "file-" and 24 random letters and digits: 142 bits, of which 128 are drawn from the system.
std::string NewObjectId(std::string_view prefix);

}  // namespace atelier
