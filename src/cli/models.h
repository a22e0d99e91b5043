// What the `models` commands share: the store that the configuration names, and a progress line.
#pragma once

#include <string>

#include "cli/command.h"
#include "model/catalog/model_store.h"

namespace atelier {

ModelStore OpenStore(const Config& config);
// Shows a pull's progress on stderr: a line that is rewritten on a terminal, else one line a stage.
PullProgressFunction ShowProgress();
// "98.4 MB"
std::string SizeText(int64_t bytes);

}  // namespace atelier
