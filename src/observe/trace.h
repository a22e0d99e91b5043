// What a request did, as spans of time: recorded cheaply while it runs, kept in SQLite, exported on
// demand. Shapes after OpenTelemetry's traces, names after its GenAI conventions (gen_ai.h).
//   [opentelemetry.io/docs/specs/otel/trace/api, W3C Trace Context]
//
//   ActiveSpan span = tracer.Start("chat smollm2", call.span);
//   span.Set(gen_ai::kRequestModel, model);
//   ActiveSpan prefill = tracer.Start("prefill", span.context());   // a child
//
// A span ends once (End, or its destructor) and is then handed to each TraceSink of its Tracer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task/call.h"

namespace atelier {

using SpanValue = std::variant<std::string, int64_t, double, bool, std::vector<std::string>>;
using Attributes = std::vector<std::pair<std::string, SpanValue>>;

struct SpanEvent {
  std::string name;
  int64_t unix_nanos = 0;
  Attributes attributes;
};

// Numbers as in OTLP.
enum class SpanKind { kInternal = 1, kServer = 2, kClient = 3 };
enum class SpanStatus { kUnset = 0, kOk = 1, kError = 2 };

struct TraceSpan {
  std::string trace_id;        // 32 lower-case hex digits
  std::string span_id;         // 16
  std::string parent_span_id;  // 16, or empty
  bool is_root = false;        // first of its trace in this process (its parent may be a client's)
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  int64_t start_unix_nanos = 0;
  int64_t end_unix_nanos = 0;
  Attributes attributes;
  std::vector<SpanEvent> events;
  SpanStatus status = SpanStatus::kUnset;
  std::string status_message;

  const SpanValue* Find(std::string_view key) const;
};

// The spans of one id, by start.
struct Trace {
  std::string id;
  std::vector<TraceSpan> spans;
};

// Takes finished spans from any thread; must return at once.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void Take(std::shared_ptr<const TraceSpan> span) = 0;
};

// A span under way. Movable; one thread at a time. An empty one ignores everything.
class ActiveSpan {
 public:
  ActiveSpan() = default;
  ActiveSpan(ActiveSpan&&) noexcept = default;
  ActiveSpan& operator=(ActiveSpan&& other) noexcept;
  ~ActiveSpan() { End(); }

  void Set(std::string_view key, SpanValue value);
  void AddEvent(std::string_view name, Attributes attributes = {});
  void SetName(std::string_view name);
  void SetStatus(SpanStatus status, std::string_view message = {});
  // Status kError, "error.type" and the message.
  void Fail(const Error& error);
  void End();
  SpanContext context() const;

 private:
  friend class Tracer;
  std::unique_ptr<TraceSpan> span_;
  const class Tracer* tracer_ = nullptr;
  SpanContext context_;
};

class Tracer {
 public:
  // `clock` and the sinks must outlive the tracer, and it its spans. Ids come from the system's randomness.
  Tracer(const Clock& clock, std::vector<TraceSink*> sinks);

  // A child of `parent`, or the root of a new trace where parent is not valid.
  ActiveSpan Start(std::string_view name, const SpanContext& parent = {}, SpanKind kind = SpanKind::kInternal) const;
  // First span of this process: `remote` is what a client's traceparent header said, if anything.
  ActiveSpan StartRoot(std::string_view name, const SpanContext& remote, SpanKind kind = SpanKind::kServer) const;
  // A span whose times are known already (queue and prefill, told by the engine afterwards).
  void Record(TraceSpan span) const;
  const Clock& clock() const { return clock_; }

 private:
  friend class ActiveSpan;
  void Finish(std::unique_ptr<TraceSpan> span) const;

  const Clock& clock_;
  const std::vector<TraceSink*> sinks_;
};

// The wall clock's time of a moment of the steady clock.
int64_t UnixNanosOf(const Clock& clock, Clock::TimePoint moment);
// Fresh random ids.
SpanContext NewSpanContext(const SpanContext& parent = {});
std::string TraceIdText(const SpanContext& context);
std::string SpanIdText(const SpanContext& context);
// "00-<trace>-<span>-01"; Parse gives an invalid context for anything malformed.   [W3C Trace Context]
std::string FormatTraceparent(const SpanContext& context);
SpanContext ParseTraceparent(std::string_view header);

}  // namespace atelier
