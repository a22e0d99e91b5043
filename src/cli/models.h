// What the `models` commands share: a progress line, and the store that the configuration names (model_library.h).
#pragma once

#include <string>

#include "app/model_library.h"
#include "cli/command.h"
#include "model/catalog/model_store.h"

namespace atelier {

// Shows a pull's progress on stderr: a line that is rewritten on a terminal, else one line a stage.
PullProgressFunction ShowProgress();
// "98.4 MB"
std::string SizeText(int64_t bytes);

}  // namespace atelier
