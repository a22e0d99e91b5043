// The server as a program: configuration in, requests served until a signal, drained, gone.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/config.h"
#include "base/net/http_server.h"
#include "base/net/io_loop.h"
#include "base/result.h"

namespace atelier {

class App;

struct ServerStart {
  bool load_now = false;                                     // the default model, instead of on first use
  std::function<void(const std::string& url)> on_listening;  // once requests are answered
};

// Runs until SIGTERM or SIGINT.
// Errors: a bad configuration, an address in use, listening beyond loopback without a key.
Result<void> RunServer(Config config, const ServerStart& start);

// Denied where everyone who can reach this machine could call without a key, and nobody said that they may.
Result<void> CheckExposure(const ServerConfig& server);

// Every resource of `app` on its configured address; answers while `loop` (the app's) runs. `app` must outlive it.
Result<std::unique_ptr<HttpServer>> ListenFor(App& app, IoLoop& loop);

}  // namespace atelier
