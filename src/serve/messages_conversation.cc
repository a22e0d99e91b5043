// From Anthropic's blocks to the messages that templates know.
#include <algorithm>
#include <map>
#include <utility>

#include "base/io/sha256.h"
#include "base/text/base64.h"
#include "base/text/utf8.h"
#include "serve/messages_body.h"

namespace atelier {
namespace {

Error Wrong(const std::string& where, const std::string& what) {
  return Error::Invalid(where, what).WithCode("invalid_value");
}

Result<std::string> TextIn(const Json& block, std::string_view key, const std::string& where) {
  const Json& text = block[key];
  if (text.is_string()) return text.AsString();
  return Wrong(where + "." + std::string(key), "got " + std::string(text.TypeName()) + ", want a string");
}

std::string At(const std::string& where, int64_t index) { return where + "[" + std::to_string(index) + "]"; }

void AddLine(std::string& to, const std::string& text) {
  if (!to.empty() && !text.empty()) to += '\n';
  to += text;
}

// The words of blocks that are texts: text, search results, and documents of plain text.
Result<std::string> TextOf(const Json& content, const std::string& where);

Result<std::string> TextOfBlock(const Json& block, const std::string& where) {
  const std::string type = block["type"].is_string() ? block["type"].AsString() : "";
  if (type == "text") return TextIn(block, "text", where);
  if (type != "search_result" && type != "document") {
    return Error::Unsupported(where + ".type", "got \"" + type + "\", want \"text\": this model reads text alone")
        .WithCode("unsupported_parameter");
  }
  std::string text = block["title"].is_string() ? block["title"].AsString() : "";
  if (type == "search_result") {
    TRY(const std::string words, TextOf(block["content"], where + ".content"));
    AddLine(text, words);
    return text;
  }
  const Json& source = block["source"];
  const bool is_plain = source["type"] == Json("text");
  if (!is_plain && source["type"] != Json("content")) {
    return Error::Unsupported(where + ".source.type", "got " + source["type"].Dump() + ", want \"text\" or \"content\"")
        .WithCode("unsupported_parameter");
  }
  TRY(const std::string words, TextOf(source[is_plain ? "data" : "content"], where + ".source"));
  AddLine(text, words);
  return text;
}

Result<std::string> TextOf(const Json& content, const std::string& where) {
  if (content.is_null()) return std::string();
  if (content.is_string()) return content.AsString();
  if (!content.is_array()) return Wrong(where, "got " + std::string(content.TypeName()) + ", want a string or blocks");
  std::string text;
  for (int64_t i = 0; i < content.size(); ++i) {
    TRY(const std::string words, TextOfBlock(content[i], At(where, i)));
    AddLine(text, words);
  }
  return text;
}

// What was thought, from the block or from its signature.
std::string ThinkingOf(const Json& block) {
  if (block["thinking"].is_string() && !block["thinking"].AsString().empty()) return block["thinking"].AsString();
  if (!block["signature"].is_string()) return {};
  const Result<std::string> thinking = Base64Decode(block["signature"].AsString());
  return thinking.ok() && IsValidUtf8(*thinking) ? *thinking : std::string();
}

class Conversation {
 public:
  void AddSystem(const std::string& text) { AddText("system", text); }

  Result<void> Add(const AnthropicMessage& message, const std::string& where) {
    const std::string content = where + ".content";
    if (message.role == "assistant") return AddTurn(message.content, content);
    if (message.role == "user" && message.content.is_array()) return AddBlocks(message.content, content);
    TRY(const std::string text, TextOf(message.content, content));
    AddText(message.role, text);
    return {};
  }

  AnthropicConversation Take() {
    const Json& last = messages_[messages_.size() - 1];
    const bool ends_open = last["role"] == Json("assistant") && !last.Has("tool_calls");
    return {std::move(messages_), ends_open};
  }

 private:
  // Texts of one speaker in a row are one message.
  void AddText(const std::string& role, const std::string& text) {
    if (!messages_.empty()) {
      Json& last = messages_[messages_.size() - 1];
      if (last["role"] == Json(role)) {
        std::string joined = last["content"].AsString();
        AddLine(joined, text);
        last.Set("content", std::move(joined));
        return;
      }
    }
    messages_.Push(Json::Object({{"role", role}, {"content", text}}));
  }

  // A user's blocks: results of tools are messages of their own.
  Result<void> AddBlocks(const Json& blocks, const std::string& where) {
    for (int64_t i = 0; i < blocks.size(); ++i) {
      const std::string place = At(where, i);
      if (blocks[i]["type"] == Json("tool_result")) {
        TRY_VOID(AddToolResult(blocks[i], place));
        continue;
      }
      TRY(const std::string text, TextOfBlock(blocks[i], place));
      AddText("user", text);
    }
    return {};
  }

  Result<void> AddToolResult(const Json& block, const std::string& where) {
    TRY(const std::string id, TextIn(block, "tool_use_id", where));
    const auto called = names_.find(id);
    if (called == names_.end()) {
      return Wrong(where + ".tool_use_id", "got '" + id + "', want the id of a tool_use block before it");
    }
    TRY(std::string text, TextOf(block["content"], where + ".content"));
    if (block["is_error"] == Json(true)) text = "Error: " + text;
    messages_.Push(
        Json::Object({{"role", "tool"}, {"tool_call_id", id}, {"name", called->second}, {"content", std::move(text)}}));
    return {};
  }

  // The assistant's blocks: one message.
  Result<void> AddTurn(const Json& content, const std::string& where) {
    std::string text, thinking;
    Json calls = Json::Array();
    if (!content.is_array()) {
      TRY(text, TextOf(content, where));
    } else {
      for (int64_t i = 0; i < content.size(); ++i) {
        const Json& block = content[i];
        const std::string place = At(where, i);
        if (block["type"] == Json("thinking")) {
          AddLine(thinking, ThinkingOf(block));
        } else if (block["type"] == Json("tool_use")) {
          TRY(Json call, CallOf(block, place));
          calls.Push(std::move(call));
        } else if (block["type"] != Json("redacted_thinking")) {
          TRY(const std::string words, TextOfBlock(block, place));
          text += words;
        }
      }
    }
    Json message = Json::Object({{"role", "assistant"}});
    message.Set("content", text.empty() && !calls.empty() ? Json() : Json(std::move(text)));
    if (!thinking.empty()) message.Set("reasoning_content", std::move(thinking));
    if (!calls.empty()) message.Set("tool_calls", std::move(calls));
    messages_.Push(std::move(message));
    return {};
  }

  Result<Json> CallOf(const Json& block, const std::string& where) {
    TRY(const std::string id, TextIn(block, "id", where));
    TRY(const std::string name, TextIn(block, "name", where));
    const Json& input = block["input"];
    if (!input.is_object()) {
      return Wrong(where + ".input", "got " + std::string(input.TypeName()) + ", want an object");
    }
    names_[id] = name;
    return Json::Object(
        {{"id", id}, {"type", "function"}, {"function", Json::Object({{"name", name}, {"arguments", input.Dump()}})}});
  }

  Json messages_ = Json::Array();
  std::map<std::string, std::string> names_;  // of calls, by id
};

}  // namespace

std::string ThinkingSignature(const std::string& thinking, bool is_shown) {
  // Of a shown thought a hash, so that the reply is not twice as long.
  return is_shown ? Sha256Hex(thinking) : Base64Encode(thinking);
}

Result<AnthropicConversation> ConversationOf(const Json& system, const std::vector<AnthropicMessage>& messages) {
  if (messages.empty()) return Wrong("messages", "got no message, want at least one");
  Conversation conversation;
  TRY(const std::string instructions, TextOf(system, "system"));
  if (!instructions.empty()) conversation.AddSystem(instructions);
  for (size_t i = 0; i < messages.size(); ++i) {
    TRY_VOID(conversation.Add(messages[i], At("messages", static_cast<int64_t>(i))));
  }
  return conversation.Take();
}

}  // namespace atelier
