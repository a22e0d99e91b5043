// A2aPush: tells URLs of what happens to tasks, for clients that do not keep a connection open. What is to be told is
// committed with the change that it tells of (A2aStore), so that neither a crash nor a slow receiver loses it; it is
// told at least once, in order for each configuration, and given up after some attempts. No task waits for it.
//
// A URL is a client's word: it goes under an egress policy (private addresses are refused, after resolution too), its
// redirects are not followed, and of its answer nothing but the status is looked at.
//
//   POST URL    Authorization: SCHEME CREDENTIALS     X-A2A-Notification-Token: TOKEN
//   1.0         application/a2a+json, an event of a stream
//   0.3         application/json, the task as it is now
//
// Loop thread only.   [A2A 1.0.1, 4.3.3 and 13.2; 0.3.0, 9.5]
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "agent/protocol/a2a.h"
#include "agent/protocol/a2a_store.h"
#include "base/clock.h"
#include "base/net/async_http_client.h"
#include "base/random.h"
#include "base/task/backoff.h"
#include "base/task/call.h"
#include "base/task/pool.h"
#include "base/task/stream.h"
#include "base/task/task.h"

namespace atelier {

struct A2aPushOptions {
  std::shared_ptr<const EgressPolicy> egress = EgressPolicy::Public();
  std::chrono::milliseconds timeout{15'000};  // of one attempt
  Backoff pause{.first = std::chrono::milliseconds(1'000), .most = std::chrono::milliseconds(300'000)};
  int32_t max_attempts = 8;  // about a quarter of an hour
};

class A2aPush {
 public:
  struct Parts {
    Loop& loop;
    Pool& pool;
    const Clock& clock;
    A2aStore& store;
    AsyncHttpClient& http;
  };
  A2aPush(Parts parts, A2aPushOptions options);

  // Errors: a URL that is none or is not for us to reach; a scheme or token with bytes that no header has.
  Result<void> Check(const A2aPushConfig& config) const;
  // Something may be due.
  void Wake();
  // Tells what is due until the call is stopped.
  Task<void> Run(Call call);

 private:
  Task<void> Round(Call call);
  Task<void> Deliver(Call call, A2aDelivery delivery);
  Task<Result<void>> Post(Call call, const A2aDelivery& delivery);
  Task<std::chrono::milliseconds> UntilNextDue();
  int64_t NowMs() const { return parts_.clock.UnixNanos() / 1'000'000; }

  Parts parts_;
  const A2aPushOptions options_;
  Random random_;
  std::shared_ptr<Channel<int>> wake_;
};

}  // namespace atelier
