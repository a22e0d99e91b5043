// What is said to a model on top of a conversation that is not ours.
#pragma once

#include <string>

#include "base/text/json.h"

namespace atelier {

// At the end of the system's message, where there is one of text: templates know one at most. Else before all others.
//   messages   OpenAI's shape, an array
void AddInstruction(Json& messages, const std::string& instruction);

}  // namespace atelier
