// Passes a generation's events on as they come, and lets somebody see them.
#pragma once

#include <deque>
#include <functional>

#include "base/task/loop.h"
#include "provider/language_model.h"

namespace atelier {

// A generation of the same events: first `already` (read from it before), then what comes. `see` is called with each
// before it goes out, and may change it; it is kept until the last. Who lets go of the result ends the work.
Generation Relay(Loop& loop, Generation from, std::deque<GenerationEvent> already,
                 std::function<void(GenerationEvent&)> see);

}  // namespace atelier
