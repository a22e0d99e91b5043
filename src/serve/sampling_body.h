// The parameters of a generation as llama-server names and shows them (generation_settings, params of slots).
#pragma once

#include "base/text/json.h"
#include "provider/language_model.h"

namespace atelier {

Json SamplingBody(const GenerationOptions& options, bool stream);

}  // namespace atelier
