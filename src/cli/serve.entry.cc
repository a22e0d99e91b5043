// atelier serve
#include <cstdio>

#include "cli/command.h"
#include "serve/server.h"

namespace atelier {
namespace {

class ServeCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("--host", host_, "address to listen on (default 127.0.0.1)");
    options.Integer("--port", port_, "port (default 8910; 0: any free one)");
    options.Text("--certificate", certificate_, "PEM file of a certificate chain: speak TLS");
    options.Takes("FILE", Completion::kFiles);
    options.Text("--private-key", private_key_, "PEM file of its key");
    options.Takes("FILE", Completion::kFiles);
    options.Text("--api-key", api_key_, "ask callers for this key (or env:NAME)");
    options.Flag("--allow-open", allow_open_, "listen beyond this machine without a key");
    options.Text("--model", model_, "default model, and loaded at once");
    options.Takes("NAME", Completion::kModels);
    options.Integer("--threads", threads_, "threads that compute; 0: one for each core");
    options.OneOf("--kv-cache", kv_cache_, {"f16", "q8_0"}, "type of cached keys and values (default f16)");
  }

  Result<void> Run(const Invocation& invocation) override {
    Config config = invocation.config;
    if (!host_.empty()) config.server.host = host_;
    if (port_ < -1 || port_ > 65535)
      return Error::Invalid("--port", "got " + std::to_string(port_) + ", want 0 to 65535");
    if (port_ >= 0) config.server.port = static_cast<int32_t>(port_);
    if (!certificate_.empty()) config.server.certificate = certificate_;
    if (!private_key_.empty()) config.server.private_key = private_key_;
    if (allow_open_) config.server.allow_open = true;
    if (!model_.empty()) config.default_model = model_;
    if (threads_ > 0) config.engine.threads = static_cast<int32_t>(threads_);
    if (!kv_cache_.empty()) config.engine.kv_cache = kv_cache_;
    if (!api_key_.empty()) {
      KeyConfig key;
      key.key = api_key_, key.name = kCommandLineKey;
      config.server.keys.push_back(std::move(key));
    }
    ServerStart start;
    start.load_now = !model_.empty();
    start.on_listening = [&](const std::string& url) {
      if (invocation.json) return invocation.Print(Json::Object({{"url", url}}));
      std::printf("listening on %s\n", url.c_str());
      std::fflush(stdout);
    };
    return RunServer(std::move(config), start);
  }

 private:
  std::string host_, certificate_, private_key_, api_key_, model_, kv_cache_;
  int64_t port_ = -1, threads_ = 0;
  bool allow_open_ = false;
};

}  // namespace

extern const CommandEntry command_serve{
    "serve", "Serve models over the OpenAI API",
    "Prints its address on stdout once requests are answered. SIGTERM and Ctrl-C let running requests finish, then "
    "stop; a second one stops at once. GET / is a page to try it with, /reference lists every resource and parameter.\n"
    "\n"
    "On 127.0.0.1 everyone on this machine may call; any other address is refused without a key. What has no option "
    "here stands in atelier.yaml: keys with quotas, CORS, limits, memory, traces.\n"
    "\n"
    "  atelier serve\n"
    "  atelier serve --port 0 --model smollm2-135m-instruct\n"
    "  atelier serve --host 0.0.0.0 --api-key env:MY_KEY",
    []() -> std::unique_ptr<Command> { return std::make_unique<ServeCommand>(); }};

}  // namespace atelier
