#include "serve/serve_testing.h"

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <future>

#include "base/check.h"
#include "serve/server.h"

namespace atelier {
namespace {

namespace fs = std::filesystem;

// A home of its own, so that traces and settings are the test's; models and their packed weights are shared.
fs::path MakeHome() {
  static int num_made = 0;
  const fs::path home =
      fs::temp_directory_path() / ("serve_test_" + std::to_string(getpid()) + "_" + std::to_string(num_made++));
  fs::create_directories(home / "models");
  const fs::path panels = fs::temp_directory_path() / "serve_test_panels";
  fs::create_directories(panels);
  fs::create_directory_symlink(panels, home / "panels");
  std::error_code none;
  for (const auto& model : fs::directory_iterator(InstalledModels(), none)) {
    fs::create_directory_symlink(model.path(), home / "models" / model.path().filename());
  }
  return home;
}

// The data of server-sent events, each of one line.
void ReadEvents(Answer& answer) {
  constexpr std::string_view kData = "data: ";
  std::string_view rest = answer.body;
  while (!rest.empty()) {
    const size_t end = rest.find("\n\n");
    const std::string_view event = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 2);
    if (!event.starts_with(kData)) continue;
    answer.done = event == "data: [DONE]";
    if (!answer.done) answer.events.push_back(ServedApp::Parsed(event.substr(kData.size())));
  }
}

void AddText(const Json& choices, int64_t index, std::string& text) {
  if (!choices.is_array()) return;
  for (const Json& choice : choices.items()) {
    if (choice["index"].AsInt64() != index) continue;
    for (const Json* holder : {&choice["message"], &choice["delta"], &choice}) {
      for (const char* name : {"content", "text"}) {
        if (holder->is_object() && (*holder)[name].is_string()) text += (*holder)[name].AsString();
      }
    }
  }
}

}  // namespace

std::string InstalledModels() {
  if (const char* home = std::getenv("ATELIER_HOME"); home != nullptr && *home != '\0') {
    return std::string(home) + "/models";
  }
  const char* user = std::getenv("HOME");
  return std::string(user != nullptr ? user : ".") + "/.atelier/models";
}

bool IsInstalled(std::string_view model) { return fs::exists(fs::path(InstalledModels()) / model); }

std::string Answer::code() const {
  const Json& code = json["error"]["code"];
  return code.is_string() ? code.AsString() : "";
}

std::string Answer::param() const {
  const Json& param = json["error"]["param"];
  return param.is_string() ? param.AsString() : "";
}

std::string Answer::Text(int64_t index) const {
  std::string text;
  if (json.is_object()) AddText(json["choices"], index, text);
  for (const Json& event : events) AddText(event["choices"], index, text);
  return text;
}

ServedApp::ServedApp(Config config) {
  home_ = MakeHome();
  config.home = home_.string();
  config.server.port = 0;
  if (config.engine.kv_cache_mib == 0) config.engine.kv_cache_mib = 192;
  auto app = App::Create(std::move(config), loop_, Clock::Real());
  CHECK_MSG(app.ok(), app.ok() ? "" : app.error().Message());
  app_ = std::move(*app);
  auto server = ListenFor(*app_, loop_);
  CHECK_MSG(server.ok(), server.ok() ? "" : server.error().Message());
  server_ = std::move(*server);
  port_ = server_->port();
  thread_ = std::thread([this] { loop_.Run(); });
}

ServedApp::~ServedApp() {
  std::promise<void> drained;
  loop_.Post(
      [&] { Spawn(server_->Drain(loop_.Now(), std::chrono::milliseconds(5000)), [&](bool) { drained.set_value(); }); });
  drained.get_future().wait();
  loop_.Stop();
  thread_.join();
  server_.reset();
  app_.reset();
  std::error_code ignored;
  fs::remove_all(home_, ignored);
}

void ServedApp::OnLoop(std::function<void()> function) {
  std::promise<void> done;
  loop_.Post([&] {
    function();
    done.set_value();
  });
  done.get_future().wait();
}

Json ServedApp::Parsed(std::string_view json) {
  Result<Json> parsed = Json::Parse(json);
  CHECK_MSG(parsed.ok(), std::string(json));
  return std::move(*parsed);
}

Answer ServedApp::Send(std::string_view method, std::string_view path, std::string body, HttpHeaders headers) {
  ClientRequest request;
  request.method = method;
  request.url = server_->url() + std::string(path);
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.read_timeout = std::chrono::minutes(5);  // sanitized kernels are slow
  const Result<ClientResponse> response = client_.Send(request);
  CHECK_MSG(response.ok(), response.ok() ? "" : response.error().Message());
  Answer answer;
  answer.status = response->status;
  answer.headers = response->headers;
  answer.body = response->body;
  if (answer.headers.Get("Content-Type").starts_with("text/event-stream")) ReadEvents(answer);
  if (Result<Json> json = Json::Parse(answer.body); json.ok()) answer.json = std::move(*json);
  return answer;
}

Answer ServedApp::Get(std::string_view path, HttpHeaders headers) { return Send("GET", path, "", std::move(headers)); }

Answer ServedApp::Post(std::string_view path, const Json& body, HttpHeaders headers) {
  headers.Set("Content-Type", "application/json");
  return Send("POST", path, body.Dump(), std::move(headers));
}

double ServedApp::Metric(const std::string& series) {
  const std::string text = "\n" + Get("/metrics").body;
  const size_t found = text.find("\n" + series + " ");
  if (found == std::string::npos) return std::nan("");
  return std::strtod(text.c_str() + found + series.size() + 2, nullptr);
}

Json ChatBodyOf(std::string_view text, std::string_view more) {
  Json body = ServedApp::Parsed("{" + std::string(more) + "}");
  body.Set("messages", Json::Array({Json::Object({{"role", "user"}, {"content", text}})}));
  return body;
}

}  // namespace atelier
