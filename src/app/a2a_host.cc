#include "app/a2a_host.h"

#include <algorithm>
#include <utility>

#include "app/a2a_runs.h"
#include "app/agent_library.h"
#include "app/api_keys.h"
#include "app/app.h"
#include "base/text/glob.h"
#include "observe/log.h"

namespace atelier {
namespace {

constexpr size_t kMaxSignatures = 256;

A2aCardInfo InfoOf(App& app, const AgentConfig& config) {
  A2aCardInfo info;
  info.name = config.name;
  info.description = config.description.empty() ? "The agent " + config.name + "." : config.description;
  info.version = ATELIER_VERSION;
  info.wants_key = app.keys().required();
  // The extended card is for those who have shown a key: where nobody needs one there is none.   [A2A 1.0.1, 13.3]
  info.capabilities.extended_card = info.wants_key;
  const A2aConfig& a2a = app.config().a2a;
  info.capabilities.version_03 = std::ranges::find(a2a.versions, "0.3") != a2a.versions.end();
  for (const A2aExtensionConfig& one : a2a.extensions) {
    const auto names = [&](const std::string& glob) { return GlobMatches(glob, config.name); };
    if (!one.agents.empty() && std::ranges::none_of(one.agents, names)) continue;
    info.capabilities.extensions.push_back({.uri = one.uri, .description = one.description, .required = one.required});
  }
  info.skills = {{.id = config.name, .name = config.name, .description = info.description, .tags = {"agent"}}};
  return info;
}

}  // namespace

struct A2aHost::Served {
  std::unique_ptr<A2aDesk> desk;
  std::unique_ptr<A2aHttp> http;
};

A2aHost::A2aHost(App& app) : app_(app) {}
A2aHost::~A2aHost() = default;

Result<std::unique_ptr<A2aHost>> A2aHost::Create(App& app) {
  std::unique_ptr<A2aHost> host(new A2aHost(app));
  TRY(host->store_, A2aStore::Open(app.database()));
  auto egress = EgressPolicy::Create(app.config().a2a.webhooks);
  if (!egress.ok()) return std::move(egress).error().Under("a2a.webhooks");
  if (app.config().a2a.sign) {
    TRY(const std::string pem, host->store_->SigningPem(SigningKey::Make().ToPem()));
    TRY(host->key_, SigningKey::FromPem(pem));
  }
  host->http_ = std::make_unique<AsyncHttpClient>(app.io_loop());
  A2aPushOptions options;
  options.egress = std::move(*egress);
  const A2aPush::Parts parts{
      .loop = app.loop(), .pool = app.pool(), .clock = app.clock(), .store = *host->store_, .http = *host->http_};
  host->push_ = std::make_unique<A2aPush>(parts, std::move(options));
  for (const AgentConfig& config : app.agents().configs()) host->Serve(config);
  app.agents().keeper().OnBegin([at = host.get()](const std::string& run_id) { at->OnRunBegins(run_id); });
  return host;
}

void A2aHost::Serve(const AgentConfig& config) {
  auto served = std::make_unique<Served>();
  A2aDesk::Parts parts{.loop = app_.loop(),
                       .pool = app_.pool(),
                       .clock = app_.clock(),
                       .store = *store_,
                       .agent = config.name,
                       .executor = MakeA2aRuns(app_),
                       .push = push_.get()};
  served->desk = std::make_unique<A2aDesk>(std::move(parts));
  const auto extended = [this, &config](const A2aCaller& caller) { return ExtendedCard(config, caller.url); };
  A2aOperations operations(*served->desk, InfoOf(app_, config).capabilities, extended);
  const auto card = [this, &config](const std::string& url) {
    return A2aCard(InfoOf(app_, config), url, SignerFor(url));
  };
  served->http = std::make_unique<A2aHttp>(app_.loop(), std::move(operations), card);
  agents_[config.name] = std::move(served);
}

// Who has a key is told which tools the agent has.
Json A2aHost::ExtendedCard(const AgentConfig& config, const std::string& url) {
  A2aCardInfo info = InfoOf(app_, config);
  if (const auto agent = app_.agents().Find(config.name); agent.ok()) {
    for (const auto& tool : (*agent)->tools) {
      const ToolSpec& spec = tool->spec();
      info.skills.push_back({.id = config.name + "." + spec.name,
                             .name = spec.title.empty() ? spec.name : spec.title,
                             .description = spec.description,
                             .tags = {"tool"}});
    }
  }
  return A2aCard(info, url, SignerFor(url));
}

A2aSignCard A2aHost::SignerFor(const std::string& url) {
  if (!key_) return {};
  return [this, url](const Json& card) { return Signature(url, card); };
}

Json A2aHost::Signature(const std::string& url, const Json& card) {
  const std::string text = A2aCanonicalCard(card);
  if (const auto at = signatures_.find(text); at != signatures_.end()) return at->second;
  if (signatures_.size() >= kMaxSignatures) signatures_.clear();
  const std::string origin = url.substr(0, url.rfind("/a2a/"));
  return signatures_[text] = A2aSigner(*key_, origin + "/.well-known/a2a-keys.json").Sign(card);
}

Json A2aHost::PublicKeys() const {
  return key_ ? A2aSigner(*key_, "").PublicKeys() : Json::Object({{"keys", Json::Array()}});
}

Result<A2aHttp*> A2aHost::Find(const std::string& agent) {
  if (const auto at = agents_.find(agent); at != agents_.end()) return at->second->http.get();
  return Error::NotFound("agent", "got '" + agent.substr(0, 64) + "', want one of atelier.yaml");
}

const std::string& A2aHost::default_agent() const { return app_.agents().configs().front().name; }

std::string A2aHost::UrlOf(const std::string& origin, const std::string& agent) const {
  const std::string& own = app_.config().a2a.url;
  return (own.empty() ? origin : own) + "/a2a/" + PercentEncode(agent);
}

// A person's answer, or a server's start, sets a run going that a client waits for.
void A2aHost::OnRunBegins(const std::string& run_id) {
  for (const auto& [name, served] : agents_) {
    if (served->desk->IsAtWork(run_id)) return;
  }
  auto look = [](A2aHost& host, std::string id) -> Task<void> {
    auto get = [&] { return host.store_->GetAnyones(id); };
    const Result<A2aRow> row = co_await OnPool(host.app_.pool(), get);
    if (!row.ok()) co_return;
    const auto at = host.agents_.find(row->owner.agent);
    if (at != host.agents_.end()) at->second->desk->LookAfter(*row);
  };
  Spawn(look(*this, run_id));
}

Task<void> A2aHost::Run(Call call) {
  for (const auto& [name, served] : agents_) {
    const Result<void> resumed = co_await served->desk->Resume();
    if (!resumed.ok()) LogError("tasks of " + name + ": " + resumed.error().Message());
  }
  co_await push_->Run(call);
  for (const auto& [name, served] : agents_) co_await served->desk->Stop();
}

}  // namespace atelier
