// This application as an A2A server: each agent of atelier.yaml at /a2a/NAME, the first one's card at the well-known
// place too. Tasks are runs (a2a_runs.h).   Loop thread only.   [docs/a2a.md]
#pragma once

#include <map>
#include <memory>
#include <string>

#include "agent/protocol/a2a_http.h"
#include "agent/protocol/a2a_push.h"
#include "agent/protocol/a2a_signature.h"
#include "agent/protocol/a2a_store.h"
#include "base/net/async_http_client.h"

namespace atelier {

class App;
struct AgentConfig;

class A2aHost {
 public:
  // `app` outlives it. Errors: those of the database; `a2a.webhooks`.
  static Result<std::unique_ptr<A2aHost>> Create(App& app);
  ~A2aHost();

  // Errors: kNotFound.
  Result<A2aHttp*> Find(const std::string& agent);
  const std::string& default_agent() const;
  // Of an agent, as whoever asked at `origin` knows it: "http://127.0.0.1:8910/a2a/helper".
  std::string UrlOf(const std::string& origin, const std::string& agent) const;
  // The keys by which cards are checked, as a JWK set.
  Json PublicKeys() const;
  // Goes on with tasks that were under way, tells webhooks, until the call is stopped.
  Task<void> Run(Call call);

 private:
  struct Served;
  explicit A2aHost(App& app);
  void Serve(const AgentConfig& config);
  Json Signature(const std::string& url, const Json& card);
  A2aSignCard SignerFor(const std::string& url);
  Json ExtendedCard(const AgentConfig& config, const std::string& url);
  void OnRunBegins(const std::string& run_id);

  App& app_;
  std::unique_ptr<A2aStore> store_;
  std::unique_ptr<AsyncHttpClient> http_;
  std::unique_ptr<A2aPush> push_;
  std::map<std::string, std::unique_ptr<Served>> agents_;
  std::optional<SigningKey> key_;
  std::map<std::string, Json> signatures_;  // of cards that were asked for: the same card has the same one
};

}  // namespace atelier
