// Sends finished spans to an OpenTelemetry collector: OTLP/HTTP, JSON encoding, POST <endpoint>/v1/traces.
// A thread batches them; 429, 502, 503, 504 and lost connections are tried again with growing pauses
// (Retry-After is honoured); the queue is bounded and what does not fit is dropped and counted.
//   [opentelemetry.io/docs/specs/otlp]
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/net/http.h"
#include "observe/trace.h"

namespace atelier {

struct OtlpOptions {
  std::string endpoint;  // "http://127.0.0.1:4318"; "/v1/traces" is added
  HttpHeaders headers;   // keys
  std::string service_name = "atelier";
  size_t max_batch = 512;
  size_t max_queued_spans = 8192;
  std::chrono::milliseconds batch_delay{2000};
  std::chrono::milliseconds first_backoff{500};
  std::chrono::milliseconds max_backoff{30'000};
  int max_attempts = 6;
};

struct OtlpStats {
  int64_t num_sent = 0;
  int64_t num_dropped = 0;
  int64_t num_retries = 0;
  std::string last_error;
};

class OtlpExporter final : public TraceSink {
 public:
  // Errors: kInvalid endpoint.
  static Result<std::unique_ptr<OtlpExporter>> Create(OtlpOptions options);
  // Tries to send what is queued once more, for two seconds at most.
  ~OtlpExporter() override;
  void Take(std::shared_ptr<const TraceSpan> span) override;
  OtlpStats stats() const;

 private:
  struct State;
  explicit OtlpExporter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The request body for some spans, and one span as it stands in it. Ids hex, times as decimal text.
std::string OtlpJson(const std::vector<std::shared_ptr<const TraceSpan>>& spans, const std::string& service_name);

}  // namespace atelier
