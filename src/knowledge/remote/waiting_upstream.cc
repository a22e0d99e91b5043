#include "knowledge/remote/waiting_upstream.h"

#include <future>
#include <utility>

namespace atelier {
namespace {

constexpr int kMaxTries = 3;
constexpr std::chrono::milliseconds kPause{500};  // where the service says none

bool HasNoRoom(const Error& error) {
  return error.kind == ErrorKind::kExhausted || (error.kind == ErrorKind::kUnavailable && error.retry_after);
}

}  // namespace

Result<std::unique_ptr<WaitingUpstream>> WaitingUpstream::Create(UpstreamOptions options,
                                                                 std::chrono::milliseconds limit) {
  std::unique_ptr<WaitingUpstream> waiting(new WaitingUpstream(limit));
  TRY(waiting->upstream_, Upstream::Create(*waiting->loop_, Clock::Real(), std::move(options)));
  waiting->thread_ = std::thread([loop = waiting->loop_.get()] { loop->Run(); });
  return waiting;
}

WaitingUpstream::~WaitingUpstream() {
  if (thread_.joinable()) {
    loop_->Post([loop = loop_.get()] { loop->Stop(); });  // the thread may not have come to Run yet
    thread_.join();
  }
  upstream_.reset();  // whose connections are the loop's
}

Task<Result<Json>> WaitingUpstream::Ask(Loop& loop, Call call, std::shared_ptr<Upstream> upstream, std::string path,
                                        std::optional<Json> body) {
  for (int tries = 1;; ++tries) {
    Task<Result<Json>> asking = body ? upstream->Ask(call, path, *body) : upstream->Get(call, path);
    Result<Json> answer = co_await asking;
    if (answer.ok() || tries == kMaxTries || !HasNoRoom(answer.error())) co_return answer;
    const std::chrono::milliseconds pause = answer.error().retry_after.value_or(kPause);
    if (loop.Now() + pause >= call.deadline) co_return answer;
    const bool slept = co_await SleepFor(loop, pause, call.stop);
    if (!slept) co_return answer;
  }
}

Result<Json> WaitingUpstream::Wait(std::string path, std::optional<Json> body, std::stop_token stop) const {
  std::promise<Result<Json>> promise;
  std::future<Result<Json>> answer = promise.get_future();
  Call call;
  call.stop = std::move(stop);
  call.deadline = loop_->Now() + limit_;
  loop_->Post([&] {
    Spawn(Ask(*loop_, std::move(call), upstream_, std::move(path), std::move(body)),
          [&promise](Result<Json> got) { promise.set_value(std::move(got)); });
  });
  return answer.get();
}

Result<Json> WaitingUpstream::Post(std::string path, Json body, std::stop_token stop) const {
  return Wait(std::move(path), std::move(body), std::move(stop));
}

Result<Json> WaitingUpstream::Get(std::string path, std::stop_token stop) const {
  return Wait(std::move(path), std::nullopt, std::move(stop));
}

}  // namespace atelier
