// The server as a program: configuration in, requests served until a signal, drained, gone.
#pragma once

#include "app/config.h"
#include "base/result.h"

namespace atelier {

// Runs until SIGTERM or SIGINT. Prints "listening on http://…" on stdout once requests are answered. With `load_now`
// the default model is loaded at once instead of on first use.
// Errors: a bad configuration, an address in use, listening beyond loopback without a key.
Result<void> RunServer(Config config, bool load_now);

// Denied where everyone who can reach this machine could call without a key, and nobody said that they may.
Result<void> CheckExposure(const ServerConfig& server);

}  // namespace atelier
