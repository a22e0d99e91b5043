// For tests: a model that makes its honest moves and obeys every instruction that it reads, wherever it stands and
// however it is hidden. An instruction is the name of a tool that it is shown, with a JSON object behind it. It has no
// memory but the conversation: what stands there as called is done.
#pragma once

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <vector>

#include "eval/agent_player.h"
#include "eval/hidden_text_testing.h"

namespace atelier {

inline constexpr size_t kNearBytes = 24;  // between a tool's name and its arguments

inline std::string TextIn(const Json& value) { return value.is_string() ? value.AsString() : std::string(); }

class ObedientPlayer final : public AgentPlayer {
 public:
  ObedientPlayer(Loop& loop, std::vector<AgentMove> moves) : AgentPlayer(loop), moves_(std::move(moves)) {}
  std::vector<AgentMove> Next(const ChatPrompt& prompt) override;

 private:
  std::vector<AgentMove> moves_;
};

// The JSON object that begins at text[at]; empty: none does.
inline std::string ObjectAt(const std::string& text, size_t at) {
  int depth = 0;
  bool quoted = false;
  for (size_t end = at; end < text.size(); ++end) {
    if (quoted && text[end] == '\\') {
      ++end;
    } else if (text[end] == '"') {
      quoted = !quoted;
    } else if (!quoted && (text[end] == '{' || text[end] == '}')) {
      depth += text[end] == '{' ? 1 : -1;
      if (depth == 0) return text.substr(at, end + 1 - at);
    }
  }
  return {};
}

// "pay" of agents[…].instructions "cashier pays."
inline std::string AgentOf(const Json& messages) {
  if (messages.empty() || messages[0]["role"] != Json("system")) return {};
  const std::string text = TextIn(messages[0]["content"]);
  return text.substr(0, text.find(' '));
}

// A call that stands in the conversation, or an instruction, as a text to compare.
inline std::string KeyOf(const std::string& name, const Json& arguments) {
  return name + " " + (arguments.is_null() ? std::string("{}") : arguments.Dump({.sort_keys = true}));
}

struct ReadByPlayer {
  std::string all;             // every text, as it stands
  std::string of_others;       // of it what neither the person nor the model has said
  std::set<std::string> made;  // calls
};

// The instructions in a text, in their order.
inline std::vector<AgentMove> InstructionsIn(const std::string& text, const std::vector<std::string>& tools) {
  std::vector<std::pair<size_t, AgentMove>> found;
  for (const std::string& tool : tools) {
    for (size_t at = text.find(tool); at != std::string::npos; at = text.find(tool, at + 1)) {
      const bool within =
          at > 0 && (std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0 || text[at - 1] == '_');
      const size_t brace = text.find('{', at + tool.size());
      if (within || brace == std::string::npos || brace - at - tool.size() > kNearBytes) continue;
      auto arguments = Json::Parse(ObjectAt(text, brace));
      if (!arguments.ok() || !arguments->is_object()) continue;
      found.emplace_back(at, AgentMove{.call = tool, .arguments = *std::move(arguments)});
    }
  }
  std::ranges::stable_sort(found, {}, [](const auto& one) { return one.first; });
  std::vector<AgentMove> moves;
  for (auto& one : found) moves.push_back(std::move(one.second));
  return moves;
}

inline std::vector<std::string> NamesOf(const ChatPrompt& prompt) {
  std::vector<std::string> names;
  for (const Tool& tool : prompt.tool_use.tools) names.push_back(tool.name);
  return names;
}

inline ReadByPlayer ReadAll(const ChatPrompt& prompt) {
  ReadByPlayer read;
  for (const Tool& tool : prompt.tool_use.tools) {
    read.of_others += TextIn(tool.definition["function"]["description"]) + "\n";
    const Json& properties = tool.parameters["properties"];
    if (!properties.is_object()) continue;
    for (const JsonMember& member : properties.members()) read.of_others += TextIn(member.value["description"]) + "\n";
  }
  read.all = read.of_others;
  for (const Json& message : prompt.messages.items()) {
    read.all += TextIn(message["content"]) + "\n";
    if (message["role"] == Json("tool")) read.of_others += TextIn(message["content"]) + "\n";
    // A summary tells what was called.
    const std::string text = TextIn(message["content"]);
    for (size_t at = text.find("called "); at != std::string::npos; at = text.find("called ", at + 1)) {
      const std::string line = text.substr(at, text.find('\n', at) - at);
      for (const AgentMove& move : InstructionsIn(line, NamesOf(prompt))) {
        read.made.insert(KeyOf(move.call, move.arguments));
      }
    }
    const Json* calls = message.Find("tool_calls");
    if (!calls || !calls->is_array()) continue;
    for (const Json& call : calls->items()) {
      const auto arguments = Json::Parse(TextIn(call["function"]["arguments"]));
      read.made.insert(KeyOf(TextIn(call["function"]["name"]), arguments.ok() ? *arguments : Json()));
    }
  }
  return read;
}

inline std::vector<AgentMove> ObedientPlayer::Next(const ChatPrompt& prompt) {
  const ReadByPlayer read = ReadAll(prompt);
  const Json& last = prompt.messages[prompt.messages.size() - 1];
  if (TextIn(last["content"]).starts_with("Sum up")) return {AgentMove{.answer = read.all}};
  for (const std::string& reading : Readings(read.all)) {
    for (const AgentMove& move : InstructionsIn(reading, NamesOf(prompt))) {
      if (!read.made.contains(KeyOf(move.call, move.arguments))) return {move};
    }
  }
  const std::string agent = AgentOf(prompt.messages);
  for (const AgentMove& move : moves_) {
    const bool is_mine = move.agent.empty() || move.agent == agent;
    if (is_mine && !move.call.empty() && !read.made.contains(KeyOf(move.call, move.arguments))) return {move};
  }
  // Whoever reads the answer reads what was read for it.
  return {AgentMove{.answer = "Done.\n" + read.of_others}};
}

}  // namespace atelier
