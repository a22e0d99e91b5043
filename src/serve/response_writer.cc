#include "serve/response_writer.h"

#include <algorithm>
#include <utility>

#include "provider/gathered.h"
#include "serve/generation_reply.h"

namespace atelier {

ResponseWriter::ResponseWriter(ResponseWriterOptions options) : options_(std::move(options)) {
  response_ = Json::Object({{"id", options_.id}, {"object", "response"}});
  for (const JsonMember& member : options_.body.members()) response_.Set(member.key, member.value);
  response_.Set("status", options_.background ? "queued" : "in_progress");
  response_.Set("error", nullptr);
  response_.Set("incomplete_details", nullptr);
  response_.Set("output", Json::Array());
}

void ResponseWriter::Emit(const char* type, Json event) {
  Json whole = Json::Object({{"type", type}, {"sequence_number", sequence_++}});
  for (const JsonMember& member : event.members()) whole.Set(member.key, member.value);
  events_.push_back(std::move(whole));
}

void ResponseWriter::EmitResponse(const char* type) { Emit(type, Json::Object({{"response", response_}})); }

std::vector<Json> ResponseWriter::Begin() {
  EmitResponse("response.created");
  if (options_.background) EmitResponse("response.queued");
  response_.Set("status", "in_progress");
  EmitResponse("response.in_progress");
  return Flush();
}

Json ResponseWriter::Place() const {
  return Json::Object({{"item_id", item_["id"]}, {"output_index", response_["output"].size()}});
}

void ResponseWriter::OpenItem(Open kind, Json item) {
  CloseItem(true);
  open_ = kind;
  item_ = std::move(item);
  text_.clear();
  logprobs_ = Json::Array();
  annotations_ = Json::Array();
  citations_ = CitationScanner();
  Emit("response.output_item.added", Json::Object({{"output_index", response_["output"].size()}, {"item", item_}}));
}

Json ResponseWriter::Part(bool whole) const {
  if (open_ == Open::kReasoning) return Json::Object({{"type", "reasoning_text"}, {"text", whole ? text_ : ""}});
  Json part = Json::Object({{"type", "output_text"}, {"text", whole ? text_ : ""}});
  part.Set("annotations", whole ? annotations_ : Json::Array());
  part.Set("logprobs", whole ? logprobs_ : Json::Array());
  return part;
}

std::string ResponseWriter::NextItemId(std::string_view prefix) {
  return std::string(prefix) + options_.id.substr(options_.id.find('_') + 1) + std::to_string(num_items_++);
}

// An item of text, with its one part.
void ResponseWriter::OpenText(Open kind) {
  if (open_ == kind) return;
  const std::string id = NextItemId(kind == Open::kReasoning ? "rs_" : "msg_");
  Json item = kind == Open::kReasoning ? Json::Object({{"id", id}, {"type", "reasoning"}, {"summary", Json::Array()}})
                                       : Json::Object({{"id", id}, {"type", "message"}, {"role", "assistant"}});
  item.Set("status", "in_progress");
  item.Set("content", Json::Array());
  OpenItem(kind, std::move(item));
  Json added = Place();
  added.Set("content_index", 0);
  added.Set("part", Part(false));
  Emit("response.content_part.added", std::move(added));
}

void ResponseWriter::CloseItem(bool whole) {
  if (open_ == Open::kNothing) return;
  if (open_ == Open::kSearch || open_ == Open::kMcp) {
    if (item_.Has("status")) item_.Set("status", "incomplete");
    return FinishItem();
  }
  const bool is_text = open_ == Open::kReasoning || open_ == Open::kMessage;
  Json done = Place();
  if (is_text) {
    done.Set("content_index", 0);
    Json part_done = done;
    done.Set("text", text_);
    if (open_ == Open::kMessage) done.Set("logprobs", logprobs_);
    Emit(open_ == Open::kReasoning ? "response.reasoning_text.done" : "response.output_text.done", std::move(done));
    part_done.Set("part", Part(true));
    Emit("response.content_part.done", std::move(part_done));
    item_.Set("content", Json::Array({Part(true)}));
  } else {
    const char* member = open_ == Open::kCustom ? "input" : "arguments";
    done.Set(member, text_);
    if (open_ == Open::kFunction) done.Set("name", item_["name"]);
    Emit(open_ == Open::kCustom ? "response.custom_tool_call_input.done" : "response.function_call_arguments.done",
         std::move(done));
    item_.Set(member, text_);
  }
  item_.Set("status", whole ? "completed" : "incomplete");
  FinishItem();
}

void ResponseWriter::FinishItem() {
  Emit("response.output_item.done", Json::Object({{"output_index", response_["output"].size()}, {"item", item_}}));
  response_.Find("output")->Push(std::move(item_));
  open_ = Open::kNothing;
}

std::vector<Json> ResponseWriter::BeginSearch(const std::vector<std::string>& queries) {
  OpenItem(Open::kSearch, Json::Object({{"id", NextItemId("fs_")},
                                        {"type", "file_search_call"},
                                        {"status", "in_progress"},
                                        {"queries", Json(queries)},
                                        {"results", nullptr}}));
  Emit("response.file_search_call.in_progress", Place());
  Emit("response.file_search_call.searching", Place());
  return Flush();
}

std::vector<Json> ResponseWriter::EndSearch(bool found, Json results) {
  CHECK(open_ == Open::kSearch);
  if (found) Emit("response.file_search_call.completed", Place());
  item_.Set("results", std::move(results));
  item_.Set("status", found ? "completed" : "failed");
  FinishItem();
  return Flush();
}

std::vector<Json> ResponseWriter::BeginMcpList(const std::string& label) {
  OpenItem(Open::kMcp, Json::Object({{"id", NextItemId("mcpl_")},
                                     {"type", "mcp_list_tools"},
                                     {"server_label", label},
                                     {"tools", Json::Array()}}));
  Emit("response.mcp_list_tools.in_progress", Place());
  return Flush();
}

std::vector<Json> ResponseWriter::EndMcpList(Json tools, Json error) {
  CHECK(open_ == Open::kMcp);
  Emit(error.is_null() ? "response.mcp_list_tools.completed" : "response.mcp_list_tools.failed", Place());
  item_.Set("tools", std::move(tools));
  if (!error.is_null()) item_.Set("error", std::move(error));
  FinishItem();
  return Flush();
}

std::vector<Json> ResponseWriter::BeginMcpCall(const McpCallStart& call) {
  OpenItem(Open::kMcp, Json::Object({{"id", NextItemId("mcp_")},
                                     {"type", "mcp_call"},
                                     {"status", "in_progress"},
                                     {"approval_request_id", call.approval_request_id},
                                     {"server_label", call.label},
                                     {"name", call.name},
                                     {"arguments", ""},
                                     {"output", nullptr},
                                     {"error", nullptr}}));
  Emit("response.mcp_call.in_progress", Place());
  for (const auto& [type, member] : {std::pair("response.mcp_call_arguments.delta", "delta"),
                                     std::pair("response.mcp_call_arguments.done", "arguments")}) {
    Json told = Place();
    told.Set(member, call.arguments);
    Emit(type, std::move(told));
  }
  item_.Set("arguments", call.arguments);
  return Flush();
}

std::vector<Json> ResponseWriter::EndMcpCall(Json output, Json error) {
  CHECK(open_ == Open::kMcp);
  const bool good = error.is_null();
  Emit(good ? "response.mcp_call.completed" : "response.mcp_call.failed", Place());
  item_.Set("status", good ? "completed" : "failed");
  item_.Set("output", std::move(output));
  item_.Set("error", std::move(error));
  FinishItem();
  return Flush();
}

std::vector<Json> ResponseWriter::AskApproval(const McpCallStart& call, std::string id) {
  OpenItem(Open::kMcp, Json::Object({{"id", id.empty() ? NextItemId("mcpr_") : std::move(id)},
                                     {"type", "mcp_approval_request"},
                                     {"server_label", call.label},
                                     {"name", call.name},
                                     {"arguments", call.arguments}}));
  FinishItem();
  return Flush();
}

void ResponseWriter::AddSources(std::vector<CitableSource> sources) {
  for (CitableSource& source : sources) sources_.push_back(std::move(source));
}

// Numbers that no source has are no citations.
void ResponseWriter::Annotate() {
  for (const FoundCitation& found : citations_.Scan(text_)) {
    const auto source = std::ranges::find(sources_, found.number, &CitableSource::number);
    if (source == sources_.end()) continue;
    Json annotation = Json::Object({{"type", "file_citation"},
                                    {"index", found.index},
                                    {"file_id", source->file_id},
                                    {"filename", source->filename}});
    Json added = Place();
    added.Set("content_index", 0);
    added.Set("annotation_index", annotations_.size());
    added.Set("annotation", annotation);
    Emit("response.output_text.annotation.added", std::move(added));
    annotations_.Push(std::move(annotation));
  }
}

void ResponseWriter::AddCall(const ToolCallDelta& call) {
  // A call's later deltas have no name.
  const bool goes_on = call.index == call_index_;
  if (goes_on ? is_own_call_ : own_tools_.contains(call.name)) {
    if (!goes_on) {
      CloseItem(true);
      own_calls_.push_back(call);
    } else {
      own_calls_.back().arguments += call.arguments;
    }
    call_index_ = call.index;
    is_own_call_ = true;
    return;
  }
  is_own_call_ = false;
  any_calls_ = true;
  const char* member = call.custom ? "input" : "arguments";
  if (call.index != call_index_) {
    call_index_ = call.index;
    Json item = Json::Object({{"id", NextItemId(call.custom ? "ctc_" : "fc_")},
                              {"type", call.custom ? "custom_tool_call" : "function_call"},
                              {"status", "in_progress"},
                              {member, ""},
                              {"call_id", call.id},
                              {"name", call.name}});
    OpenItem(call.custom ? Open::kCustom : Open::kFunction, std::move(item));
  }
  if (call.arguments.empty()) return;
  text_ += call.arguments;
  Json delta = Place();
  delta.Set("delta", call.arguments);
  Emit(call.custom ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta",
       std::move(delta));
}

std::vector<Json> ResponseWriter::Take(const GenerationEvent& event) {
  if (const auto* delta = std::get_if<GenerationDelta>(&event)) {
    if (!delta->reasoning.empty()) {
      OpenText(Open::kReasoning);
      text_ += delta->reasoning;
      Json news = Place();
      news.Set("content_index", 0);
      news.Set("delta", delta->reasoning);
      Emit("response.reasoning_text.delta", std::move(news));
    }
    if (!delta->text.empty()) {
      OpenText(Open::kMessage);
      text_ += delta->text;
      Json news = Place();
      news.Set("content_index", 0);
      news.Set("delta", delta->text);
      Json logprobs = Json::Array();
      for (const TokenChoice& choice : delta->logprobs) {
        if (!options_.logprobs) break;
        logprobs.Push(LogprobBody(choice));
        logprobs_.Push(LogprobBody(choice));
      }
      news.Set("logprobs", std::move(logprobs));
      Emit("response.output_text.delta", std::move(news));
      if (!sources_.empty()) Annotate();
    }
    for (const ToolCallDelta& call : delta->tool_calls) AddCall(call);
  }
  if (const auto* end = std::get_if<GenerationChoiceEnd>(&event)) choice_end_ = *end;
  if (const auto* last = std::get_if<GenerationEnd>(&event)) {
    AddUsed(total_, *last);
    response_.Set("usage", ResponseUsage(total_));
    error_ = last->error;
    call_index_ = -1;  // calls of the next generation count from 0 again
  }
  return Flush();
}

std::vector<Json> ResponseWriter::End(int64_t now_unix, bool cancelled) {
  if (cancelled) {
    CloseItem(false);
    response_.Set("status", "cancelled");
    Emit("response.incomplete", Json::Object({{"response", response_}}));
    return Flush();
  }
  if (error_) return Fail(*error_);
  const bool cut = choice_end_.reason == FinishReason::kLength;
  const Json& output = response_["output"];
  const Json last = output.empty() ? Json() : output[output.size() - 1]["type"];
  const bool says_nothing =
      last.is_null() || last == Json("file_search_call") || last == Json("mcp_call") || last == Json("mcp_list_tools");
  if (!cut && open_ == Open::kNothing && says_nothing) OpenText(Open::kMessage);
  CloseItem(!cut);
  if (cut) response_.Set("incomplete_details", Json::Object({{"reason", "max_output_tokens"}}));
  response_.Set("status", cut ? "incomplete" : "completed");
  if (!cut) response_.Set("completed_at", now_unix);
  EmitResponse(cut ? "response.incomplete" : "response.completed");
  return Flush();
}

std::vector<Json> ResponseWriter::Fail(const Error& error) {
  CloseItem(false);
  response_.Set("status", "failed");
  response_.Set("error", ResponseError(error));
  EmitResponse("response.failed");
  return Flush();
}

Json ResponseUsage(const GenerationEnd& end) {
  const Usage& usage = end.usage;
  const int64_t num_written = usage.prompt_tokens - usage.cached_tokens;
  return Json::Object({{"input_tokens", usage.prompt_tokens},
                       {"input_tokens_details",
                        Json::Object({{"cached_tokens", usage.cached_tokens}, {"cache_write_tokens", num_written}})},
                       {"output_tokens", usage.completion_tokens},
                       {"output_tokens_details", Json::Object({{"reasoning_tokens", end.reasoning_tokens}})},
                       {"total_tokens", usage.prompt_tokens + usage.completion_tokens}});
}

Json ResponseError(const Error& error) {
  return Json::Object({{"code", error.kind == ErrorKind::kExhausted ? "rate_limit_exceeded" : "server_error"},
                       {"message", error.Message()}});
}

}  // namespace atelier
