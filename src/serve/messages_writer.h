// The events of a generation as Anthropic words them: a message of blocks, whole or as they come.
#pragma once

#include <string>
#include <vector>

#include "base/text/json.h"
#include "serve/generation_run.h"

namespace atelier {

// An event of a stream; its data has the type too.
struct MessageEvent {
  std::string type;
  Json data;
};

class MessageWriter {
 public:
  MessageWriter(const GenerationRun& run, bool shows_thinking) : run_(run), shows_thinking_(shows_thinking) {}

  std::vector<MessageEvent> Begin();
  std::vector<MessageEvent> Take(const GenerationEvent& event);
  // Once the run is over: the last block's end and the message's, or the error.
  std::vector<MessageEvent> End();

 private:
  enum class Kind : uint8_t { kNone, kThinking, kText, kCall };
  void Open(Kind kind, Json block, std::vector<MessageEvent>& to);
  void Close(std::vector<MessageEvent>& to);
  void AddDelta(Json delta, std::vector<MessageEvent>& to);

  const GenerationRun& run_;
  const bool shows_thinking_;
  Kind open_ = Kind::kNone;
  int64_t index_ = -1;  // of the open block, or of the last one
  std::string thinking_;
};

// The whole message.   REQUIRES: the run is over, without an error.
Json WholeMessage(const GenerationRun& run, bool shows_thinking);

}  // namespace atelier
