// From the events of a generation to a Response and the events of /v1/responses.   [OpenAI API reference, "Responses"]
//
//   response.created, .queued, .in_progress, then for each item
//     response.output_item.added
//       reasoning  content_part.added, reasoning_text.delta …, reasoning_text.done, content_part.done
//       message    content_part.added, output_text.delta …, output_text.done, content_part.done
//       calls      function_call_arguments.delta …, .done   or   custom_tool_call_input.delta …, .done
//     response.output_item.done
//   response.completed, .incomplete or .failed
//
// Every event has the next sequence_number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text/json.h"
#include "provider/language_model.h"

namespace atelier {

struct ResponseWriterOptions {
  std::string id;  // "resp_…"; ids of items end with the same
  Json body;       // the Response without id, status and output: what was asked, and by which defaults
  bool background = false;
  bool logprobs = false;  // message.output_text.logprobs
};

class ResponseWriter {
 public:
  explicit ResponseWriter(ResponseWriterOptions options);

  // The first events.
  std::vector<Json> Begin();
  std::vector<Json> Take(const GenerationEvent& event);
  // Once, at the end.   `cancelled`: somebody asked for it.
  std::vector<Json> End(int64_t now_unix, bool cancelled);
  // The generation could not begin.
  std::vector<Json> Fail(const Error& error);

  // The Response, as it is now.
  const Json& response() const { return response_; }

 private:
  enum class Open { kNothing, kReasoning, kMessage, kFunction, kCustom };

  void Emit(const char* type, Json event);
  void EmitResponse(const char* type);
  void OpenItem(Open kind, Json item);
  void OpenText(Open kind);
  void CloseItem(bool whole);
  void AddCall(const ToolCallDelta& call);
  Json Place() const;  // item_id and output_index, in an event
  Json Part(bool whole) const;
  std::vector<Json> Flush() { return std::exchange(events_, {}); }

  const ResponseWriterOptions options_;
  Json response_;
  std::vector<Json> events_;
  int64_t sequence_ = 0;
  Open open_ = Open::kNothing;
  Json item_;
  std::string text_;  // of the open item
  Json logprobs_ = Json::Array();
  int64_t num_items_ = 0;
  int32_t call_index_ = -1;
  GenerationChoiceEnd choice_end_;
  std::optional<Error> error_;
};

Json ResponseUsage(const GenerationEnd& end);
Json ResponseError(const Error& error);

}  // namespace atelier
