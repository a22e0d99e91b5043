// An upstream for callers that may wait: threads of a pool, commands. It has a loop and a thread of its own, so that it
// depends on nobody's loop being run.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "base/net/io_loop.h"
#include "base/result.h"
#include "base/text/json.h"
#include "provider/upstream.h"

namespace atelier {

class WaitingUpstream {
 public:
  // A call may take `limit` in all: connecting, waiting, reading, and asking again where the service has no room now
  // (429, 503: twice at most, when it says). Errors: kInvalid where the base URL is none.
  static Result<std::unique_ptr<WaitingUpstream>> Create(UpstreamOptions options, std::chrono::milliseconds limit);
  // REQUIRES: no call is under way.
  ~WaitingUpstream();

  // Both wait for the answer; `stop` ends that at once. Errors: Upstream's.
  Result<Json> Post(std::string path, Json body, std::stop_token stop) const;
  Result<Json> Get(std::string path, std::stop_token stop) const;
  const std::string& name() const { return upstream_->name(); }

 private:
  explicit WaitingUpstream(std::chrono::milliseconds limit) : limit_(limit) {}
  Result<Json> Wait(std::string path, std::optional<Json> body, std::stop_token stop) const;
  static Task<Result<Json>> Ask(Loop& loop, Call call, std::shared_ptr<Upstream> upstream, std::string path,
                                std::optional<Json> body);

  const std::chrono::milliseconds limit_;
  const std::unique_ptr<IoLoop> loop_ = std::make_unique<IoLoop>();
  std::shared_ptr<Upstream> upstream_;
  std::thread thread_;
};

}  // namespace atelier
