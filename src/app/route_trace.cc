#include "app/route_trace.h"

#include "observe/gen_ai.h"

namespace atelier {

void RecordAttempt(const Tracer& tracer, const RouteAttempt& attempt) {
  const SpanContext context = NewSpanContext(attempt.call.span);
  TraceSpan span;
  span.trace_id = TraceIdText(context);
  span.span_id = SpanIdText(context);
  if (attempt.call.span.valid()) span.parent_span_id = SpanIdText(attempt.call.span);
  span.name = attempt.mirror ? "mirror" : "attempt";
  span.start_unix_nanos = UnixNanosOf(tracer.clock(), attempt.began);
  span.end_unix_nanos = UnixNanosOf(tracer.clock(), attempt.ended);
  span.attributes.emplace_back(gen_ai::kRequestModel, attempt.target);
  span.attributes.emplace_back("atelier.route", attempt.route);
  if (attempt.error) {
    span.status = SpanStatus::kError;
    span.status_message = attempt.error->Message();
    span.attributes.emplace_back(gen_ai::kErrorType, std::string(ErrorKindName(attempt.error->kind)));
  }
  tracer.Record(std::move(span));
}

}  // namespace atelier
