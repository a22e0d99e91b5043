// For tests of this folder: the whole server over the real models, in a thread of its own, and a client of it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "app/app.h"
#include "base/net/http_client.h"
#include "base/net/http_server.h"
#include "base/net/io_loop.h"
#include "base/text/json.h"

namespace atelier {

inline constexpr std::string_view kChatModel = "smollm2-135m-instruct";
inline constexpr std::string_view kEmbeddingModel = "all-minilm-l6-v2";
inline constexpr std::string_view kOtherEmbeddingModel = "bge-small-en-v1.5";

// The folder that `atelier models pull` puts models into.
std::string InstalledModels();
bool IsInstalled(std::string_view model);

#define REQUIRE_INSTALLED(model)                                                                     \
  if (!IsInstalled(model)) {                                                                         \
    GTEST_SKIP() << "no model '" << (model) << "'; `atelier models pull " << (model) << "` gets it"; \
  }                                                                                                  \
  static_assert(true)

struct Answer {
  int status = 0;
  HttpHeaders headers;
  std::string body;
  Json json;                 // of the body; null where it is none
  std::vector<Json> events;  // of a stream, without [DONE]
  bool done = false;         // [DONE] was the last

  // error.code and error.param; empty where there is none.
  std::string code() const;
  std::string param() const;
  // All text of choice `index`, from a whole reply or from a stream, of chats and completions.
  std::string Text(int64_t index = 0) const;
};

class ServedApp {
 public:
  // config.home is a fresh folder that shows the installed models; any free port. CHECKs that all of it starts.
  explicit ServedApp(Config config = {});
  ~ServedApp();

  Answer Get(std::string_view path, HttpHeaders headers = {});
  Answer Post(std::string_view path, const Json& body, HttpHeaders headers = {});
  Answer Send(std::string_view method, std::string_view path, std::string body, HttpHeaders headers);
  // POST of a text that spells JSON.
  Answer PostText(std::string_view path, std::string_view json) { return Post(path, Parsed(json)); }
  static Json Parsed(std::string_view json);

  // The value of one line of /metrics, such as `atelier_model_loaded{model_name="x"}`; NaN where there is none.
  double Metric(const std::string& series);
  App& app() { return *app_; }
  int port() const { return port_; }
  // Runs on the server's thread and waits for it.
  void OnLoop(std::function<void()> function);

 private:
  std::filesystem::path home_;
  IoLoop loop_;
  std::unique_ptr<App> app_;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
  std::thread thread_;
  HttpClient client_;
};

// {"messages": [one of the user], ...}; `more` is further members, as in R"("temperature": 0)".
Json ChatBodyOf(std::string_view text, std::string_view more = {});

}  // namespace atelier
