// The trace of one generation over HTTP: a root span after OpenTelemetry's GenAI conventions, with queue, prefill and
// decode of each generation under it; and what the call costs its key.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/app.h"
#include "base/net/http.h"
#include "observe/trace.h"
#include "provider/language_model.h"

namespace atelier {

struct ChoiceResult;

class GenerationTrace {
 public:
  GenerationTrace(App& app, const HttpRequest& http, const ModelListing& model, std::string_view operation,
                  const GenerationOptions& options, const Json& metadata);
  GenerationTrace(GenerationTrace&&) = default;

  // Hex; unique; the reply's id ends with it.
  std::string id() const;
  void AddGeneration(const GenerationEnd& end);
  void End(const Usage& usage, const std::optional<Error>& error,
           const std::vector<std::vector<ChoiceResult>>& choices);

 private:
  void AddSpan(std::string_view name, Clock::TimePoint start, Clock::TimePoint end);

  App* app_;
  std::string principal_;
  ActiveSpan span_;
};

}  // namespace atelier
