// Shell completion, written from the table of commands. Names of models are asked of `atelier models list --names`
// when they are wanted.
#pragma once

#include <string>

namespace atelier {

std::string BashCompletion();
std::string ZshCompletion();
std::string FishCompletion();

}  // namespace atelier
