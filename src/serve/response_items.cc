#include "serve/response_items.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "base/text/base64.h"

namespace atelier {
namespace {

std::string Place(size_t index, std::string_view part = {}) {
  return "input[" + std::to_string(index) + "]" + std::string(part);
}
Error Wrong(std::string where, std::string what) {
  return Error::Invalid(std::move(where), std::move(what)).WithCode("invalid_value");
}

struct ItemKind {
  std::string_view type, id_prefix;
};
constexpr ItemKind kKinds[] = {{"message", "msg_"},
                               {"function_call", "fc_"},
                               {"function_call_output", "fco_"},
                               {"custom_tool_call", "ctc_"},
                               {"custom_tool_call_output", "ctco_"},
                               {"file_search_call", "fs_"},
                               {"mcp_list_tools", "mcpl_"},
                               {"mcp_call", "mcp_"},
                               {"mcp_approval_request", "mcpr_"},
                               {"mcp_approval_response", "mcpa_"},
                               {"reasoning", "rs_"},
                               {"compaction", "cmp_"},
                               {"item_reference", "ref_"}};

// The words of parts; those that are no text are named.
Result<std::string> TextOf(const Json& content, const std::string& where) {
  if (content.is_string()) return content.AsString();
  if (!content.is_array())
    return Wrong(where, "got " + std::string(content.TypeName()) + ", want a string or an array");
  std::string text;
  for (int64_t i = 0; i < content.size(); ++i) {
    const Json& part = content[i];
    const std::string type = part["type"].is_string() ? part["type"].AsString() : "nothing";
    const std::string place = where + "[" + std::to_string(i) + "]";
    constexpr std::array<std::string_view, 6> kTexts = {"input_text",     "output_text",  "text",
                                                        "reasoning_text", "summary_text", "refusal"};
    if (std::ranges::find(kTexts, type) == kTexts.end()) {
      return Error::Unsupported(place + ".type",
                                "got \"" + type + "\", want \"input_text\": this model reads text alone")
          .WithCode("unsupported_parameter");
    }
    const Json& words = part[type == "refusal" ? "refusal" : "text"];
    if (!words.is_string()) return Wrong(place + ".text", "got nothing, want a string");
    text += words.AsString();
  }
  return text;
}

Result<Json> NormalItem(Json item, size_t index) {
  if (!item.is_object()) return Wrong(Place(index), "got " + std::string(item.TypeName()) + ", want an object");
  if (!item.Has("type")) item.Set("type", item.Has("role") || !item.Has("id") ? "message" : "item_reference");
  const std::string type = item["type"].is_string() ? item["type"].AsString() : item["type"].Dump();
  const auto kind = std::ranges::find(kKinds, type, &ItemKind::type);
  if (kind == std::ranges::end(kKinds)) {
    return Error::Unsupported(Place(index, ".type"), "got \"" + type + "\", want a message, a call or its output")
        .WithCode("unsupported_parameter");
  }
  if (type == "message" && !item["role"].is_string()) return Wrong(Place(index, ".role"), "got nothing, want a role");
  if (type == "message" && item["content"].is_string()) {
    const char* part = item["role"] == Json("assistant") ? "output_text" : "input_text";
    Json text = Json::Object({{"type", part}, {"text", item["content"]}});
    if (item["role"] == Json("assistant")) text.Set("annotations", Json::Array());
    item.Set("content", Json::Array({std::move(text)}));
  }
  if (!item["id"].is_string()) item.Set("id", NewItemId(kind->id_prefix));
  if (type == "message" && !item.Has("status")) item.Set("status", "completed");
  return item;
}

// What an mcp_call gave, for the model to read.
std::string McpOutputOf(const Json& item) {
  if (item["output"].is_string()) return item["output"].AsString();
  const Json& error = item["error"];
  return error.is_null() ? std::string() : "The call failed: " + (error.is_string() ? error.AsString() : error.Dump());
}

class MessageMaker {
 public:
  Result<std::vector<ChatMessage>> Run(const std::vector<Json>& items) {
    for (size_t i = 0; i < items.size(); ++i) TRY_VOID(Add(items[i], i));
    return std::move(messages_);
  }

 private:
  Result<void> Add(const Json& item, size_t index) {
    const std::string type = item["type"].AsString();
    if (type == "message") return AddMessage(item, index);
    if (type == "file_search_call") return {};  // what it found was said by the answer
    if (type.starts_with("mcp_")) return AddMcp(item, index);
    if (type == "reasoning") {
      const Json& content = item["content"].is_array() && !item["content"].empty() ? item["content"] : item["summary"];
      TRY(reasoning_, TextOf(content.is_array() ? content : Json::Array(), Place(index, ".content")));
      return {};
    }
    if (type == "function_call" || type == "custom_tool_call") return AddCall(item, index);
    if (type == "function_call_output" || type == "custom_tool_call_output") {
      TRY(std::string output, TextOf(item["output"], Place(index, ".output")));
      ChatMessage message = ChatMessage::Of("tool", std::move(output));
      if (item["call_id"].is_string()) message.tool_call_id = item["call_id"].AsString();
      messages_.push_back(std::move(message));
      return {};
    }
    if (type == "compaction") {
      const Json& given = item["encrypted_content"];
      const Result<std::string> bytes = Base64Decode(given.is_string() ? given.AsString() : "-");
      const Result<Json> sealed = bytes.ok() ? Json::Parse(*bytes) : bytes.error();
      if (!sealed.ok() || !(*sealed)["summary"].is_string()) {
        return Wrong(Place(index, ".encrypted_content"), "got none that this server made");
      }
      const std::string last = (*sealed)["last"].is_string() ? (*sealed)["last"].AsString() : std::string();
      messages_.push_back(ChatMessage::Of(
          "user", "What was said before, in short:\n" + (*sealed)["summary"].AsString() + "\n\n" + last));
      return {};
    }
    return Wrong(Place(index), "got a reference to an item that is not stored");
  }

  Result<void> AddMessage(const Json& item, size_t index) {
    TRY(std::string text, TextOf(item["content"], Place(index, ".content")));
    ChatMessage message = ChatMessage::Of(item["role"].AsString(), std::move(text));
    if (message.role == "assistant" && !reasoning_.empty()) message.reasoning_content = std::exchange(reasoning_, {});
    messages_.push_back(std::move(message));
    return {};
  }

  // A call and what came of it; of one that the user did not approve, that.
  Result<void> AddMcp(const Json& item, size_t index) {
    if (item["type"] == Json("mcp_approval_request")) requests_.push_back(&item);
    if (item["type"] == Json("mcp_call")) return AddMcpCall(item, McpOutputOf(item), index);
    if (item["type"] != Json("mcp_approval_response") || item["approve"] == Json(true)) return {};
    const auto is_it = [&](const Json* request) { return (*request)["id"] == item["approval_request_id"]; };
    const auto request = std::ranges::find_if(requests_, is_it);
    if (request == requests_.end()) return {};
    const std::string reason = item["reason"].is_string() ? " " + item["reason"].AsString() : "";
    return AddMcpCall(**request, "The user did not approve this call." + reason, index);
  }

  Result<void> AddMcpCall(const Json& item, std::string output, size_t index) {
    Json call = Json::Object({{"type", "function_call"}, {"name", item["name"]}, {"call_id", item["id"]}});
    call.Set("arguments", item["arguments"]);
    TRY_VOID(AddCall(call, index));
    ChatMessage message = ChatMessage::Of("tool", std::move(output));
    message.tool_call_id = item["id"].is_string() ? item["id"].AsString() : "";
    messages_.push_back(std::move(message));
    return {};
  }

  Result<void> AddCall(const Json& item, size_t index) {
    if (!item["name"].is_string()) return Wrong(Place(index, ".name"), "got nothing, want the name of a tool");
    const bool custom = item["type"] == Json("custom_tool_call");
    Json inside = Json::Object({{"name", item["name"]}});
    inside.Set(custom ? "input" : "arguments", item[custom ? "input" : "arguments"]);
    const char* type = custom ? "custom" : "function";
    Json call = Json::Object({{"id", item["call_id"]}, {"type", type}});
    call.Set(type, std::move(inside));
    if (messages_.empty() || messages_.back().role != "assistant") {
      messages_.push_back(ChatMessage::Of("assistant", ""));
      if (!reasoning_.empty()) messages_.back().reasoning_content = std::exchange(reasoning_, {});
    }
    messages_.back().tool_calls.push_back(std::move(call));
    return {};
  }

  std::vector<ChatMessage> messages_;
  std::vector<const Json*> requests_;  // for approval
  std::string reasoning_;              // of the turn that follows
};

}  // namespace

std::string NewItemId(std::string_view prefix) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::random_device device;
  std::string id(prefix);
  for (int i = 0; i < 6; ++i) {
    for (uint32_t bits = device(), digit = 0; digit < 8; ++digit, bits >>= 4) id += kDigits[bits & 15];
  }
  return id;
}

Result<Json> NormalItems(const Json& input) {
  if (input.is_null()) return Json::Array();
  if (input.is_string()) {
    TRY(Json item, NormalItem(Json::Object({{"role", "user"}, {"content", input}}), 0));
    return Json::Array({std::move(item)});
  }
  if (!input.is_array()) return Wrong("input", "got " + std::string(input.TypeName()) + ", want a string or an array");
  Json items = Json::Array();
  for (int64_t i = 0; i < input.size(); ++i) {
    TRY(Json item, NormalItem(input[i], static_cast<size_t>(i)));
    items.Push(std::move(item));
  }
  return items;
}

Json CompactionItem(const std::string& summary, const std::string& last) {
  const Json sealed = Json::Object({{"summary", summary}, {"last", last}});
  return Json::Object(
      {{"id", NewItemId("cmp_")}, {"type", "compaction"}, {"encrypted_content", Base64Encode(sealed.Dump())}});
}

Result<std::vector<ChatMessage>> MessagesOf(const std::vector<Json>& items) { return MessageMaker().Run(items); }

Result<Json> PageOf(std::vector<Json> items, const ItemsPage& page) {
  if (page.order != "asc" && page.order != "desc") {
    return Wrong("order", "got \"" + page.order + "\", want \"asc\" or \"desc\"");
  }
  if (page.limit < 1 || page.limit > 100) {
    return Wrong("limit", "got " + std::to_string(page.limit) + ", want 1 to 100");
  }
  if (page.order == "desc") std::ranges::reverse(items);
  auto begin = items.begin();
  if (!page.after.empty()) {
    begin = std::ranges::find_if(items, [&](const Json& item) { return item["id"] == Json(page.after); });
    if (begin == items.end()) return Wrong("after", "got '" + page.after + "', want the id of an item of this list");
    ++begin;
  }
  Json data = Json::Array();
  for (; begin != items.end() && data.size() < page.limit; ++begin) data.Push(std::move(*begin));
  const bool any = !data.empty();
  Json reply = Json::Object({{"object", "list"},
                             {"first_id", any ? data[0]["id"] : Json()},
                             {"last_id", any ? data[data.size() - 1]["id"] : Json()},
                             {"has_more", begin != items.end()}});
  reply.Set("data", std::move(data));
  return reply;
}

}  // namespace atelier
