// From the events of a generation to a Response and the events of /v1/responses.   [OpenAI API reference, "Responses"]
//
//   response.created, .queued, .in_progress, then for each item
//     response.output_item.added
//       reasoning  content_part.added, reasoning_text.delta …, reasoning_text.done, content_part.done
//       message    content_part.added, output_text.delta …, output_text.done, content_part.done; where [n] cites a
//                  source, output_text.annotation.added behind the delta that ends it
//       search     file_search_call.in_progress, .searching, .completed
//       MCP        mcp_list_tools.in_progress, .completed or .failed
//                  mcp_call.in_progress, mcp_call_arguments.delta, .done, mcp_call.completed or .failed
//       calls      function_call_arguments.delta …, .done   or   custom_tool_call_input.delta …, .done
//     response.output_item.done
//   response.completed, .incomplete or .failed
//
// Every event has the next sequence_number.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text/json.h"
#include "provider/language_model.h"
#include "serve/citation_scanner.h"

namespace atelier {

struct ResponseWriterOptions {
  std::string id;  // "resp_…"; ids of items end with the same
  Json body;       // the Response without id, status and output: what was asked, and by which defaults
  bool background = false;
  bool logprobs = false;  // message.output_text.logprobs
};

// A numbered source that the model was shown.
struct CitableSource {
  int64_t number = 0;
  std::string file_id, filename;
};

class ResponseWriter {
 public:
  explicit ResponseWriter(ResponseWriterOptions options);

  // The first events.
  std::vector<Json> Begin();
  std::vector<Json> Take(const GenerationEvent& event);
  // Calls of tools by these names are the server's to answer: TakeOwnCalls.
  void AddOwnTools(const std::vector<std::string>& names) { own_tools_.insert(names.begin(), names.end()); }
  // Calls of own tools, whole; a generation that ended with such calls goes on with another one.
  std::vector<ToolCallDelta> TakeOwnCalls() { return std::exchange(own_calls_, {}); }
  // Around a search: the item, which has `results` (null: not asked for). Not while another item is open.
  std::vector<Json> BeginSearch(const std::vector<std::string>& queries);
  std::vector<Json> EndSearch(bool found, Json results);
  // Around a listing of an MCP server's tools. `error` null: `tools` are those that it has.
  std::vector<Json> BeginMcpList(const std::string& label);
  std::vector<Json> EndMcpList(Json tools, Json error);
  // Around a call of one. `error` null: `output` is what it gave.
  struct McpCallStart {
    std::string label, name, arguments;
    Json approval_request_id = {};
  };
  std::vector<Json> BeginMcpCall(const McpCallStart& call);
  std::vector<Json> EndMcpCall(Json output, Json error);
  // The call wants the user's word, by which the request's id is named; empty: by the next of this response.
  std::vector<Json> AskApproval(const McpCallStart& call, std::string id = {});
  // What [n] in the text may cite from now on, beside what it could.
  void AddSources(std::vector<CitableSource> sources);
  bool any_calls() const { return any_calls_; }

  // Once, at the end.   `cancelled`: somebody asked for it.
  std::vector<Json> End(int64_t now_unix, bool cancelled);
  // The generation could not begin.
  std::vector<Json> Fail(const Error& error);

  // The Response, as it is now.
  const Json& response() const { return response_; }

 private:
  enum class Open { kNothing, kReasoning, kMessage, kFunction, kCustom, kSearch, kMcp };

  void Emit(const char* type, Json event);
  void EmitResponse(const char* type);
  void OpenItem(Open kind, Json item);
  void OpenText(Open kind);
  void CloseItem(bool whole);
  void FinishItem();
  void AddCall(const ToolCallDelta& call);
  void Annotate();
  std::string NextItemId(std::string_view prefix);
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
  Json annotations_ = Json::Array();
  CitationScanner citations_;  // over text_
  std::vector<CitableSource> sources_;
  std::set<std::string> own_tools_;
  std::vector<ToolCallDelta> own_calls_;
  bool any_calls_ = false;  // of tools that are the client's
  int64_t num_items_ = 0;
  int32_t call_index_ = -1;
  bool is_own_call_ = false;  // the call of that index
  GenerationChoiceEnd choice_end_;
  GenerationEnd total_;  // usage of all generations
  std::optional<Error> error_;
};

Json ResponseUsage(const GenerationEnd& end);
Json ResponseError(const Error& error);

}  // namespace atelier
