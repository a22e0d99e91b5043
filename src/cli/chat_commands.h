// What lines that begin with '/' do in `atelier chat`: a table, which /help and Tab show.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/chat_conversation.h"
#include "cli/described_options.h"

namespace atelier {

// What a command may touch.
struct ChatContext {
  Conversation& conversation;
  Session& session;
  const DescribedOptions& settings;           // what /set knows
  std::function<void(std::string)> say = {};  // to the person, a line
  std::function<Result<void>()> answer_anew = {};
  bool ended = false;  // /quit
};

enum class ChatArgument { kNone, kText, kFile, kModel, kSetting };

struct ChatCommand {
  std::string_view name;       // "/set"
  std::string_view arguments;  // "[NAME VALUE]"
  std::string_view summary;
  ChatArgument takes;
  Result<void> (*run)(ChatContext& context, const std::string& argument);
};

std::span<const ChatCommand> ChatCommands();

// Runs "/set temperature 0.2". An unknown name is an error that names the nearest.
Result<void> RunChatCommand(ChatContext& context, std::string_view line);

// What may stand in place of `word`, which begins at `start` of `line`. `files`: file names may too.
struct ChatCompletion {
  std::vector<std::string> words;
  bool files = false;
};
ChatCompletion CompleteChatLine(const ChatContext& context, std::string_view line, size_t start, std::string_view word);

}  // namespace atelier
