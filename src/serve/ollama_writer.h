// The events of a generation as Ollama words them: objects, whole or one a line as they come. The last has the figures.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/text/json.h"
#include "serve/generation_run.h"

namespace atelier {

// What every object of one reply shares.
struct OllamaFrame {
  const Clock& clock;
  bool is_chat = false;  // /api/chat, else /api/generate
  std::string model;     // as it was asked for
  Clock::TimePoint started = {}, loaded = {};
  bool gives_context = false;  // the tokens of prompt and answer, at the end
};

// Nothing said: `reason` is "load" or "unload".
Json OllamaNothing(const OllamaFrame& frame, std::string_view reason);

class OllamaWriter {
 public:
  OllamaWriter(OllamaFrame frame, const GenerationRun& run) : frame_(std::move(frame)), run_(run) {}

  // What is new; nothing where it is not worth an object. Calls come whole.
  std::optional<Json> Take(const GenerationEvent& event);
  // Once the run is over: the last object, or the error.
  Json End();
  // All of it in one.   REQUIRES: the run is over, without an error.
  Json Whole();

 private:
  Json Object(const ChoiceResult& news, Json calls) const;
  void SetFigures(Json& last) const;

  const OllamaFrame frame_;
  const GenerationRun& run_;
  size_t num_calls_sent_ = 0;
};

}  // namespace atelier
