// Roles that vocabularies give to tokens by name alone.
#pragma once

#include "model/tokenizer/spec.h"

namespace atelier {

// Sets spec.special.eot and fim_* where they are not set, and adds to spec.end_of_generation, by what the pieces are
// called; those tokens become control tokens. REQUIRES: spec.types is empty or as long as spec.pieces.
void FindSpecialNames(TokenizerSpec& spec);

}  // namespace atelier
