// The trace of a call that a model answers: a root span after OpenTelemetry's GenAI conventions, with what happened in
// the engine under it (queue, prefill, decode); and what the call costs its key. Calls that are refused before a model
// is asked leave a trace too (RefuseCall).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/app.h"
#include "base/net/http.h"
#include "observe/trace.h"
#include "provider/language_model.h"

namespace atelier {

class CallTrace {
 public:
  // `operation`: gen_ai.h's. `model` may be empty where none is known yet.
  CallTrace(App& app, const HttpRequest& http, std::string_view operation, const std::string& model);
  CallTrace(CallTrace&&) = default;

  // Hex; unique; the reply's id ends with it.
  std::string id() const;
  // For what happens under this call.
  SpanContext context() const { return span_.context(); }
  // What was asked of a generation. `metadata`: null, or texts by name.
  void SetRequest(const GenerationOptions& options, bool stream, const Json& metadata);
  void Set(std::string_view key, SpanValue value) { span_.Set(key, std::move(value)); }
  // The spans of one request to the engine; `generates`: it decoded too.
  void AddTimes(const RequestTimes& times, const Usage& usage, bool generates);
  // Ends the trace and charges the key; with `error` the call failed.
  void End(const Usage& usage, const std::optional<Error>& error, std::vector<std::string> finish_reasons = {});

 private:
  void AddSpan(std::string_view name, Clock::TimePoint start, Clock::TimePoint end, Attributes attributes);

  App* app_;
  bool from_http_;
  std::string principal_, model_;
  ActiveSpan span_;
};

// The answer to a call that is refused before a model is asked, with a trace of it.
HttpResponse RefuseCall(App& app, const HttpRequest& http, std::string_view operation, const Error& error);

}  // namespace atelier
