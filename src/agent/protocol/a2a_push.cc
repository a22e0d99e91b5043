#include "agent/protocol/a2a_push.h"

#include <algorithm>
#include <utility>

#include "agent/protocol/a2a_v03.h"
#include "base/task/for_each.h"

namespace atelier {
namespace {

constexpr int64_t kAtOnce = 16;                      // deliveries under way
constexpr std::chrono::milliseconds kIdle{600'000};  // after which it looks anyway

// What may stand in a header's value.   [RFC 9110, section 5.5]
bool IsFieldValue(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

}  // namespace

A2aPush::A2aPush(Parts parts, A2aPushOptions options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      random_(static_cast<uint64_t>(parts_.clock.UnixNanos())),
      wake_(Channel<int>::Create(parts_.loop, 1 << 16)) {}

Result<void> A2aPush::Check(const A2aPushConfig& config) const {
  const Result<Url> url = Url::Parse(config.url);
  if (!url.ok()) return Error::Invalid("pushNotificationConfig.url", url.error().Message());
  if (auto allowed = options_.egress->CheckUrl(*url); !allowed.ok()) {
    return Error::Invalid("pushNotificationConfig.url", allowed.error().Message());
  }
  if (config.token && !IsFieldValue(*config.token)) {
    return Error::Invalid("pushNotificationConfig.token", "has bytes that no header can have");
  }
  if (!config.authentication) return {};
  if (config.authentication->scheme.empty() || !IsFieldValue(config.authentication->scheme) ||
      !IsFieldValue(config.authentication->credentials.value_or(std::string()))) {
    return Error::Invalid("pushNotificationConfig.authentication", "is empty or has bytes that no header can have");
  }
  return {};
}

void A2aPush::Wake() { wake_->Push(0); }

Task<Result<void>> A2aPush::Post(Call call, const A2aDelivery& delivery) {
  const A2aPushConfig& config = delivery.push.config;
  AsyncRequest request;
  request.method = "POST", request.url = config.url, request.egress = options_.egress;
  if (delivery.push.version == A2aVersion::kV10) {
    request.headers.Add("Content-Type", "application/a2a+json");
    request.body = delivery.body.Dump();
  } else {
    auto get = [this, &delivery] { return parts_.store.GetAnyones(delivery.task_id); };
    CO_TRY(const A2aRow row, co_await OnPool(parts_.pool, get));
    request.headers.Add("Content-Type", "application/json");
    request.body = A2aV03Task(WriteJson(row.task)).Dump();
  }
  if (config.token) request.headers.Add("X-A2A-Notification-Token", *config.token);
  if (config.authentication) {
    const std::string credentials = config.authentication->credentials.value_or(std::string());
    request.headers.Add("Authorization",
                        config.authentication->scheme + (credentials.empty() ? "" : " ") + credentials);
  }
  call.deadline = std::min(call.deadline, parts_.loop.Now() + options_.timeout);
  auto sending = parts_.http.Send(std::move(call), std::move(request));
  CO_TRY(const auto response, co_await sending);
  if (response->status() < 200 || response->status() > 299) {
    co_return Error::Unavailable("webhook", "got status " + std::to_string(response->status()));
  }
  co_return Result<void>();
}

Task<void> A2aPush::Deliver(Call call, A2aDelivery delivery) {
  const Result<void> told = co_await Post(call, delivery);
  if (!told.ok() && call.stop.stop_requested()) co_return;  // the next start tells it
  const int32_t attempts = delivery.attempts + 1;
  const bool is_over = told.ok() || attempts >= options_.max_attempts || told.error().kind == ErrorKind::kDenied;
  const int64_t due_ms = NowMs() + options_.pause.Pause(attempts, random_).count();
  auto note = [&] {
    return is_over ? parts_.store.Delivered(delivery.number) : parts_.store.PutOff(delivery.number, attempts, due_ms);
  };
  (void)co_await OnPool(parts_.pool, note);
}

Task<void> A2aPush::Round(Call call) {
  for (;;) {
    auto read = [this] { return parts_.store.Due(NowMs(), kAtOnce); };
    const Result<std::vector<A2aDelivery>> due = co_await OnPool(parts_.pool, read);
    if (!due.ok() || due->empty() || call.stop.stop_requested()) co_return;
    auto deliver = [&](size_t i) -> Task<Result<void>> {
      co_await Deliver(call, (*due)[i]);
      co_return Result<void>();
    };
    auto delivering = ForEach(due->size(), static_cast<size_t>(kAtOnce), deliver);
    (void)co_await delivering;
  }
}

Task<std::chrono::milliseconds> A2aPush::UntilNextDue() {
  auto read = [this] { return parts_.store.NextDue(); };
  const Result<std::optional<int64_t>> due = co_await OnPool(parts_.pool, read);
  if (!due.ok() || !due->has_value()) co_return kIdle;
  co_return std::clamp(std::chrono::milliseconds(**due - NowMs()), std::chrono::milliseconds(1), kIdle);
}

Task<void> A2aPush::Run(Call call) {
  const std::stop_callback on_stop(call.stop, [this] { wake_->Close(); });
  while (!call.stop.stop_requested()) {
    co_await Round(call);
    const std::chrono::milliseconds pause = co_await UntilNextDue();
    const Loop::TimerId timer = parts_.loop.At(parts_.loop.Now() + pause, [this] { Wake(); });
    co_await wake_->NextBatch();
    parts_.loop.Cancel(timer);
  }
}

}  // namespace atelier
