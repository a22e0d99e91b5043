#include "observe/otlp.h"

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/net/http_client.h"
#include "base/net/retry_after.h"
#include "base/random.h"
#include "base/task/backoff.h"
#include "observe/log.h"
#include "observe/trace_json.h"

namespace atelier {
namespace {

using Spans = std::vector<std::shared_ptr<const TraceSpan>>;

Json SpanToOtlp(const TraceSpan& span) {
  Json events = Json::Array();
  for (const SpanEvent& event : span.events) {
    events.Push(Json::Object({{"timeUnixNano", std::to_string(event.unix_nanos)},
                              {"name", event.name},
                              {"attributes", AttributesToOtlp(event.attributes)}}));
  }
  Json status = Json::Object({{"code", static_cast<int>(span.status)}});
  if (!span.status_message.empty()) status.Set("message", span.status_message);
  Json json = Json::Object({{"traceId", span.trace_id}, {"spanId", span.span_id}});
  if (!span.parent_span_id.empty()) json.Set("parentSpanId", span.parent_span_id);
  json.Set("name", span.name);
  json.Set("kind", static_cast<int>(span.kind));
  json.Set("startTimeUnixNano", std::to_string(span.start_unix_nanos));
  json.Set("endTimeUnixNano", std::to_string(span.end_unix_nanos));
  json.Set("attributes", AttributesToOtlp(span.attributes));
  json.Set("events", std::move(events));
  json.Set("status", std::move(status));
  return json;
}

// What the specification calls retryable; anything else will not get better.
bool MayTryAgain(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

}  // namespace

std::string OtlpJson(const Spans& spans, const std::string& service_name) {
  Json list = Json::Array();
  for (const auto& span : spans) list.Push(SpanToOtlp(*span));
  const Attributes resource = {{"service.name", service_name}, {"service.version", std::string(ATELIER_VERSION)}};
  Json scope_spans = Json::Object(
      {{"scope", Json::Object({{"name", "atelier"}, {"version", ATELIER_VERSION}})}, {"spans", std::move(list)}});
  Json resource_spans = Json::Object({{"resource", Json::Object({{"attributes", AttributesToOtlp(resource)}})},
                                      {"scopeSpans", Json::Array({std::move(scope_spans)})}});
  return Json::Object({{"resourceSpans", Json::Array({std::move(resource_spans)})}}).Dump();
}

struct OtlpExporter::State {
  explicit State(OtlpOptions options) : options(std::move(options)) {}

  const OtlpOptions options;
  HttpClient client;
  std::stop_source stop_sending;

  mutable std::mutex mutex;  // guards what follows
  std::condition_variable wake;
  std::deque<std::shared_ptr<const TraceSpan>> queue;
  OtlpStats stats;
  bool stopping = false;
  std::thread thread;

  void Work() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return stopping || !queue.empty(); });
      if (queue.empty()) return;
      wake.wait_for(lock, options.batch_delay, [this] { return stopping || queue.size() >= options.max_batch; });
      Spans batch;
      while (!queue.empty() && batch.size() < options.max_batch) {
        batch.push_back(std::move(queue.front()));
        queue.pop_front();
      }
      lock.unlock();
      Send(batch);
      lock.lock();
      if (stop_sending.stop_requested()) return;
    }
  }

  void Send(const Spans& batch) {
    ClientRequest request;
    request.method = "POST";
    request.url = options.endpoint + "/v1/traces";
    request.headers = options.headers;
    request.headers.Set("Content-Type", "application/json");
    request.body = OtlpJson(batch, options.service_name);
    request.connect_timeout = request.read_timeout = std::chrono::seconds(10);
    request.max_redirects = 0;
    request.stop = stop_sending.get_token();
    const Backoff backoff{options.first_backoff, options.max_backoff};
    for (int attempt = 1;; ++attempt) {
      const Result<ClientResponse> response = client.Send(request);
      const auto size = static_cast<int64_t>(batch.size());
      std::unique_lock lock(mutex);
      if (response && response->status / 100 == 2) {
        stats.num_sent += size;
        return;
      }
      stats.last_error = response ? "got status " + std::to_string(response->status) : response.error().Message();
      const bool hopeful = response ? MayTryAgain(response->status) : response.error().kind != ErrorKind::kInvalid;
      if (!hopeful || attempt >= options.max_attempts || stopping) {
        stats.num_dropped += size;
        const std::string why = stats.last_error;
        lock.unlock();
        return LogWarn("spans were not exported: " + request.url + ": " + why);
      }
      ++stats.num_retries;
      std::chrono::milliseconds wanted{0};
      if (response) wanted = RetryAfter(response->headers, std::time(nullptr)).value_or(wanted);
      wake.wait_for(lock, std::max(backoff.Pause(attempt, random), wanted), [this] { return stopping; });
    }
  }

  Random random{static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())};
};

OtlpExporter::OtlpExporter(std::unique_ptr<State> state) : state_(std::move(state)) {
  state_->thread = std::thread([state = state_.get()] { state->Work(); });
}

OtlpExporter::~OtlpExporter() {
  std::jthread patience;
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  // A collector that does not answer must not keep the program from ending.
  patience = std::jthread([state = state_.get()](std::stop_token done) {
    std::mutex mutex;
    std::condition_variable_any wait;
    std::unique_lock lock(mutex);
    wait.wait_for(lock, done, std::chrono::seconds(2), [] { return false; });
    if (!done.stop_requested()) state->stop_sending.request_stop();
  });
  state_->thread.join();
}

Result<std::unique_ptr<OtlpExporter>> OtlpExporter::Create(OtlpOptions options) {
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  Result<Url> url = Url::Parse(options.endpoint);
  if (!url) return std::move(url).error().Under("OTLP endpoint");
  CHECK(options.max_batch > 0);
  return std::unique_ptr<OtlpExporter>(new OtlpExporter(std::make_unique<State>(std::move(options))));
}

void OtlpExporter::Take(std::shared_ptr<const TraceSpan> span) {
  std::lock_guard lock(state_->mutex);
  if (state_->queue.size() >= state_->options.max_queued_spans) {
    ++state_->stats.num_dropped;
    return;
  }
  state_->queue.push_back(std::move(span));
  // One wake-up begins the delay, one ends it early.
  if (state_->queue.size() == 1 || state_->queue.size() == state_->options.max_batch) state_->wake.notify_one();
}

OtlpStats OtlpExporter::stats() const {
  std::lock_guard lock(state_->mutex);
  return state_->stats;
}

}  // namespace atelier
