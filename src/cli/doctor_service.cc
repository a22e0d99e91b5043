#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "app/api_keys.h"
#include "base/clock.h"
#include "base/net/http_client.h"
#include "base/process/process.h"
#include "base/process/sandbox.h"
#include "cli/doctor.h"
#include "serve/server.h"

namespace atelier {
namespace {

void ExamineConfiguration(Examination& examination) {
  const Invocation& invocation = examination.invocation;
  if (invocation.config_error) {
    return examination.Fail("configuration", *invocation.config_error,
                            "mend that line; everything else here was looked at with the defaults");
  }
  const ServerConfig& server = examination.config().server;
  if (const auto exposed = CheckExposure(server); !exposed.ok()) {
    return examination.Fail("configuration", exposed.error(), "add server.keys, or listen on 127.0.0.1");
  }
  if (const auto keys = ApiKeys::Create(server.keys, Clock::Real()); !keys.ok()) {
    return examination.Fail("configuration", keys.error(), "mend server.keys");
  }
  for (const std::string& file : {server.certificate, server.private_key}) {
    if (!file.empty() && access(file.c_str(), R_OK) != 0) {
      return examination.Fail("configuration", file + ": cannot be read: " + std::strerror(errno),
                              "mend server.certificate and server.private_key");
    }
  }
  examination.Ok("configuration",
                 invocation.config_path.empty() ? "none, the defaults" : invocation.config_path + " is valid");
}

// Whether a server could listen there; the system's words where it could not.
std::optional<std::string> WhyNotFree(const std::string& host, int32_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int fault = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); fault != 0) {
    return std::string(gai_strerror(fault));
  }
  std::optional<std::string> why;
  const int probe = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  // As the server does: an address that is only cooling down is free.
  if (probe < 0 || setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      bind(probe, found->ai_addr, found->ai_addrlen) != 0 || listen(probe, 1) != 0) {
    why = std::strerror(errno);
  }
  if (probe >= 0) close(probe);
  freeaddrinfo(found);
  return why;
}

// The version of the Atelier that answers there; nothing where something else does, or nobody.
std::optional<std::string> AtelierAt(const std::string& url) {
  constexpr std::chrono::milliseconds kPatience{2000};
  ClientOptions options;
  options.use_proxy_environment = false;
  HttpClient client(std::move(options));
  ClientRequest request;
  request.url = url + "/health";
  request.connect_timeout = request.read_timeout = kPatience;
  const Result<ClientResponse> response = client.Send(request);
  if (!response.ok() || response->status != 200) return std::nullopt;
  const Result<Json> body = Json::Parse(response->body);
  if (!body.ok() || !(*body)["version"].is_string() || !body->Has("models_loaded")) return std::nullopt;
  return (*body)["version"].AsString();
}

void ExaminePort(Examination& examination) {
  const ServerConfig& server = examination.config().server;
  const std::string where = server.host + ":" + std::to_string(server.port);
  const std::optional<std::string> why = WhyNotFree(server.host, server.port);
  if (!why) return examination.Ok("port", where + " is free");
  const std::string url = (server.certificate.empty() ? "http://" : "https://") + where;
  if (const auto version = AtelierAt(url)) return examination.Ok("port", "Atelier " + *version + " answers at " + url);
  examination.Fail("port", where + ": " + *why + ", and no Atelier answers there",
                   "end what holds it (`ss -ltnp` names it), or choose another with --port or server.port");
}

void ExaminePrograms(Examination& examination) {
  const std::string mend =
      "apt-get install python3 python3-pip; until then models come from a hub or `atelier models "
      "import`";
  if (!FindProgram("python3")) return examination.Warn("python3", "not found; it fetches models from packages", mend);
  ProcessSpec spec;
  spec.args = {"python3", "-m", "pip", "--version"};
  spec.timeout = std::chrono::seconds(20);
  spec.stop = examination.interrupt.token();
  const Result<ProcessOutput> pip = RunProcess(spec);
  if (!pip.ok() || !pip->succeeded()) return examination.Warn("python3", "it has no pip, which fetches models", mend);
  // "pip 23.0.1 from /usr/lib/… (python 3.11)"
  examination.Ok("python3", "with " + pip->out.substr(0, pip->out.find(" from ")));
}

// Tools of agents that run programs need it; all else does not.
void ExamineSandbox(Examination& examination) {
  const SandboxReport& report = ProbeSandbox();
  if (!report.usable()) {
    return examination.Warn("sandbox", report.Problem(),
                            "until it is mended, tools that run programs (shell, python, executable) refuse to; "
                            "docs/tools.md says what it needs");
  }
  std::string what = std::to_string(report.findings.size()) + " limits tried, all in force";
  what += report.has_groups ? "; control groups hold memory and processes"
                            : "; memory is watched, without control groups (" + report.why_no_groups + ")";
  what += report.landlock > 0 ? "; landlock " + std::to_string(report.landlock) : "; the kernel has no landlock";
  examination.Ok("sandbox", what);
}

}  // namespace

void ExamineService(Examination& examination) {
  ExamineConfiguration(examination);
  ExaminePort(examination);
  ExaminePrograms(examination);
  ExamineSandbox(examination);
}

}  // namespace atelier
