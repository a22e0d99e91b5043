// The tries of routes as spans under the calls they belong to.
#pragma once

#include "observe/trace.h"
#include "provider/route.h"

namespace atelier {

void RecordAttempt(const Tracer& tracer, const RouteAttempt& attempt);

}  // namespace atelier
