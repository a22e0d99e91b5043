// A2aClient: asks a foreign agent, in 1.0 or 0.3, by JSON-RPC or (1.0) HTTP+JSON, whichever its card names first. A
// peer is a stranger: its answers are bounded, redirects are not followed, all goes under an egress policy, and what it
// sends is read as data of the types wanted or is an error (INVALID_AGENT_RESPONSE).   Loop thread only.
// [A2A 1.0.1, 8.3.2]
#pragma once

#include <memory>
#include <string>

#include "agent/protocol/a2a.h"
#include "base/net/async_http_client.h"
#include "base/net/egress_policy.h"
#include "base/result.h"
#include "base/task/call.h"
#include "base/task/task.h"
#include "base/text/json.h"

namespace atelier {

// Where and how an agent is asked.
struct A2aPeer {
  std::string url = {};
  A2aVersion version = A2aVersion::kV10;
  bool rest = false;  // HTTP+JSON, else JSON-RPC
  std::string tenant = {};
  Json card = {};
};
// The first interface of a card that is spoken here. Errors: there is none.
Result<A2aPeer> ChooseA2aPeer(Json card);

class A2aClient {
 public:
  struct Parts {
    AsyncHttpClient& http;
    std::shared_ptr<const EgressPolicy> egress;
    std::string key = {};  // sent as a bearer token; empty: none
    Json card_keys = {};   // a JWK set: cards must be signed by one of them; null: they need not be
  };
  explicit A2aClient(Parts parts) : parts_(std::move(parts)) {}

  // `url`: of a card, or what it stands below at the well-known place. Errors: kDenied too, a card that is not signed
  // as is wanted.
  Task<Result<A2aPeer>> Find(Call call, std::string url);
  // SendMessage, GetTask, ListTasks (which 0.3 does not have) or CancelTask, with 1.0's parameters and result. Errors:
  // A2A's, and those of the network.
  Task<Result<Json>> Ask(Call call, A2aPeer peer, std::string method, Json params);

 private:
  Task<Result<Json>> Exchange(Call call, AsyncRequest request);
  Parts parts_;
};

}  // namespace atelier
