// A2aClient: asks a foreign agent, in 1.0 or 0.3, by JSON-RPC or HTTP+JSON, whichever its card names first. A peer is a
// stranger: its answers, and each stream and event of it, are bounded, redirects are not followed, all goes under an
// egress policy, and what it sends is read as data of the types wanted or is an error (INVALID_AGENT_RESPONSE).
// Loop thread only.   [A2A 1.0.1, 8.3.2; 0.3.0, 5.6]
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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
  // What the card declares: it tells of a task while it works.
  bool streams() const { return card["capabilities"]["streaming"] == Json(true); }
};
// The first interface of a card that is spoken here. Errors: there is none.
Result<A2aPeer> ChooseA2aPeer(Json card);

// The events of one stream, as they come, in 1.0's words ({"task"}, {"message"}, {"statusUpdate"}, {"artifactUpdate"}).
class A2aEvents {
 public:
  A2aEvents(A2aPeer peer, std::string method, std::unique_ptr<AsyncResponse> response);
  // Nothing at the stream's end. Errors: what the agent says went wrong; kTooLarge, of more than a stream may hold;
  // what is no event; those of the network.
  Task<Result<std::optional<Json>>> Next();
  // Whether it ended by what lies between, silence included: the task may go on without us.
  bool is_cut() const { return is_cut_; }

 private:
  A2aPeer peer_;
  std::string method_;
  SseReader reader_;
  int64_t num_events_ = 0;
  bool is_cut_ = false;
};

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
  // SendStreamingMessage or SubscribeToTask. Errors: as Ask; kUnsupported where the agent does not stream.
  Task<Result<std::unique_ptr<A2aEvents>>> Stream(Call call, A2aPeer peer, std::string method, Json params);

 private:
  void Address(AsyncRequest& request, const char* accept) const;
  Task<Result<std::string>> Exchange(Call call, AsyncRequest request);
  Parts parts_;
};

}  // namespace atelier
