// How a service that atelier.yaml declares is reached.
#pragma once

#include "base/result.h"
#include "provider/provider_config.h"
#include "provider/upstream.h"

namespace atelier {

// Errors: a key that cannot be read, under "key".
Result<UpstreamOptions> UpstreamOf(const ProviderConfig& config);

}  // namespace atelier
