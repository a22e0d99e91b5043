#include "observe/trace.h"

#include <sys/random.h>

#include <algorithm>

#include "base/check.h"

namespace atelier {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

template <size_t n>
std::string Hex(const std::array<uint8_t, n>& bytes) {
  std::string text(2 * n, '0');
  for (size_t i = 0; i < n; ++i) {
    text[2 * i] = kDigits[bytes[i] >> 4];
    text[2 * i + 1] = kDigits[bytes[i] & 15];
  }
  return text;
}

// Lower-case hex only, as the specification wants.
template <size_t n>
bool ParseHex(std::string_view text, std::array<uint8_t, n>& bytes) {
  if (text.size() != 2 * n) return false;
  for (size_t i = 0; i < n; ++i) {
    const size_t high = kDigits.find(text[2 * i]);
    const size_t low = kDigits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    bytes[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return true;
}

// Random bytes from the system, fetched for many ids at a time.
template <size_t n>
void FillRandom(std::array<uint8_t, n>& bytes) {
  thread_local std::array<uint8_t, 1024> pool;
  thread_local size_t used = pool.size();
  if (used + n > pool.size()) {
    CHECK(getrandom(pool.data(), pool.size(), 0) == static_cast<ssize_t>(pool.size()));
    used = 0;
  }
  std::copy_n(pool.begin() + static_cast<ptrdiff_t>(used), n, bytes.begin());
  used += n;
}

}  // namespace

const SpanValue* TraceSpan::Find(std::string_view key) const {
  for (const auto& [name, value] : attributes) {
    if (name == key) return &value;
  }
  return nullptr;
}

int64_t UnixNanosOf(const Clock& clock, Clock::TimePoint moment) {
  return clock.UnixNanos() - std::chrono::duration_cast<std::chrono::nanoseconds>(clock.Now() - moment).count();
}

SpanContext NewSpanContext(const SpanContext& parent) {
  SpanContext context;
  if (parent.valid()) {
    context.trace_id = parent.trace_id;
  } else {
    FillRandom(context.trace_id);
  }
  FillRandom(context.span_id);
  return context;
}

std::string TraceIdText(const SpanContext& context) { return Hex(context.trace_id); }
std::string SpanIdText(const SpanContext& context) { return Hex(context.span_id); }

std::string FormatTraceparent(const SpanContext& context) {
  return "00-" + TraceIdText(context) + "-" + SpanIdText(context) + "-01";
}

SpanContext ParseTraceparent(std::string_view header) {
  // version "-" trace "-" span "-" flags; a later version may add fields behind them.
  const bool shaped = header.size() >= 55 && header[2] == '-' && header[35] == '-' && header[52] == '-' &&
                      !header.starts_with("ff") &&
                      (header.size() == 55 || (!header.starts_with("00") && header[55] == '-'));
  SpanContext context;
  std::array<uint8_t, 1> one_byte;
  if (!shaped || !ParseHex(header.substr(0, 2), one_byte) || !ParseHex(header.substr(53, 2), one_byte) ||
      !ParseHex(header.substr(3, 32), context.trace_id) || !ParseHex(header.substr(36, 16), context.span_id) ||
      context.span_id == std::array<uint8_t, 8>{}) {
    return {};
  }
  return context;
}

ActiveSpan& ActiveSpan::operator=(ActiveSpan&& other) noexcept {
  if (this == &other) return *this;
  End();
  span_ = std::move(other.span_);
  tracer_ = other.tracer_;
  context_ = other.context_;
  return *this;
}

void ActiveSpan::Set(std::string_view key, SpanValue value) {
  if (!span_) return;
  for (auto& [name, old] : span_->attributes) {
    if (name != key) continue;
    old = std::move(value);
    return;
  }
  span_->attributes.emplace_back(key, std::move(value));
}

void ActiveSpan::AddEvent(std::string_view name, Attributes attributes) {
  if (!span_) return;
  span_->events.push_back({std::string(name), tracer_->clock().UnixNanos(), std::move(attributes)});
}

void ActiveSpan::SetName(std::string_view name) {
  if (span_) span_->name = name;
}

void ActiveSpan::SetStatus(SpanStatus status, std::string_view message) {
  if (!span_) return;
  span_->status = status;
  span_->status_message = message;
}

void ActiveSpan::Fail(const Error& error) {
  SetStatus(SpanStatus::kError, error.Message());
  Set("error.type", std::string(error.code.empty() ? ErrorKindName(error.kind) : std::string_view(error.code)));
}

void ActiveSpan::End() {
  if (!span_) return;
  span_->end_unix_nanos = std::max(tracer_->clock().UnixNanos(), span_->start_unix_nanos);
  tracer_->Finish(std::move(span_));
}

SpanContext ActiveSpan::context() const { return context_; }

Tracer::Tracer(const Clock& clock, std::vector<TraceSink*> sinks) : clock_(clock), sinks_(std::move(sinks)) {}

ActiveSpan Tracer::Start(std::string_view name, const SpanContext& parent, SpanKind kind) const {
  ActiveSpan active;
  active.tracer_ = this;
  active.context_ = NewSpanContext(parent);
  active.span_ = std::make_unique<TraceSpan>();
  TraceSpan& span = *active.span_;
  span.trace_id = TraceIdText(active.context_);
  span.span_id = SpanIdText(active.context_);
  if (parent.valid()) span.parent_span_id = SpanIdText(parent);
  span.is_root = !parent.valid();
  span.name = name;
  span.kind = kind;
  span.start_unix_nanos = clock_.UnixNanos();
  return active;
}

ActiveSpan Tracer::StartRoot(std::string_view name, const SpanContext& remote, SpanKind kind) const {
  ActiveSpan active = Start(name, remote, kind);
  active.span_->is_root = true;
  return active;
}

void Tracer::Record(TraceSpan span) const { Finish(std::make_unique<TraceSpan>(std::move(span))); }

void Tracer::Finish(std::unique_ptr<TraceSpan> span) const {
  const std::shared_ptr<const TraceSpan> finished = std::move(span);
  for (TraceSink* sink : sinks_) sink->Take(finished);
}

}  // namespace atelier
