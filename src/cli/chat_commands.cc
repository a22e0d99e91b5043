#include "cli/chat_commands.h"

#include <algorithm>
#include <cstdlib>

#include "app/agent_models.h"

namespace atelier {
namespace {

Result<void> Help(ChatContext& context, const std::string& /*argument*/) {
  constexpr size_t kColumn = 24;
  for (const ChatCommand& command : ChatCommands()) {
    std::string line = std::string(command.name) + " " + std::string(command.arguments);
    line.resize(std::max(line.size() + 1, kColumn), ' ');
    context.say(line + std::string(command.summary));
  }
  context.say("\"\"\" begins and ends a message of several lines; so does a \\ at the end of a line.");
  context.say("Ctrl-C stops an answer; Ctrl-D at the prompt leaves. Tab completes commands and their arguments.");
  return {};
}

Result<void> System(ChatContext& context, const std::string& argument) {
  if (argument.empty()) {
    const std::string& system = context.conversation.system();
    context.say(system.empty() ? "no system message" : system);
    return {};
  }
  context.conversation.SetSystem(argument == "off" ? "" : argument);
  return {};
}

Result<void> Clear(ChatContext& context, const std::string& /*argument*/) {
  context.conversation.Clear();
  context.say("the conversation is empty");
  return {};
}

// A path as shells read it: "~/" is the home folder.
std::string Path(const std::string& argument) {
  const char* home = std::getenv("HOME");
  return argument.starts_with("~/") && home != nullptr ? home + argument.substr(1) : argument;
}

Result<void> Save(ChatContext& context, const std::string& argument) {
  if (argument.empty()) return Error::Invalid("", "got no file, want one to write to");
  TRY_VOID(context.conversation.Save(Path(argument)));
  context.say("saved to " + argument);
  return {};
}

Result<void> Load(ChatContext& context, const std::string& argument) {
  if (argument.empty()) return Error::Invalid("", "got no file, want one that /save wrote");
  TRY_VOID(context.conversation.Load(Path(argument)));
  context.say(std::to_string(context.conversation.messages().size()) + " messages from " + argument);
  return {};
}

Result<void> SelectModel(ChatContext& context, const std::string& argument) {
  if (!argument.empty()) {
    TRY_VOID(context.conversation.SetModel(argument));
  }
  for (const ModelListing& model : context.session.app().ListModels()) {
    if (!CanChat(model)) continue;
    context.say((model.id == context.conversation.model().id ? "* " : "  ") + model.id);
  }
  return {};
}

Result<void> Set(ChatContext& context, const std::string& argument) {
  if (argument.empty()) {
    context.say("set: " + context.conversation.settings().Dump());
    std::string names;
    for (const std::string& key : context.settings.keys()) names += (names.empty() ? "" : " ") + key;
    context.say("can be set: " + names);
    return {};
  }
  const size_t blank = argument.find(' ');
  if (blank == std::string::npos) return Error::Invalid(argument, "got no value, want one, or off");
  const std::string key = argument.substr(0, blank);
  const size_t value_at = argument.find_first_not_of(' ', blank);
  TRY(Json value, context.settings.Read(key, std::string_view(argument).substr(value_at)));
  return context.conversation.Set(key, std::move(value));
}

Result<void> Show(ChatContext& context, const std::string& /*argument*/) {
  const Conversation& conversation = context.conversation;
  context.say("model     " + conversation.model().id);
  context.say("system    " + (conversation.system().empty() ? "none" : conversation.system()));
  context.say("settings  " + conversation.settings().Dump());
  context.say("messages  " + std::to_string(conversation.messages().size()));
  context.say("context   " + std::to_string(conversation.context_tokens()) + " of " +
              std::to_string(conversation.model().context_length) + " tokens");
  for (const Json& message : conversation.messages().items()) {
    context.say(message["role"].AsString() + ": " +
                (message["content"].is_string() ? message["content"].AsString() : message["content"].Dump()));
  }
  return {};
}

Result<void> Regenerate(ChatContext& context, const std::string& /*argument*/) { return context.answer_anew(); }

Result<void> Quit(ChatContext& context, const std::string& /*argument*/) {
  context.ended = true;
  return {};
}

constexpr ChatCommand kCommands[] = {
    {"/help", "", "this list", ChatArgument::kNone, Help},
    {"/system", "[TEXT]", "set the system message; off removes it; without, show it", ChatArgument::kText, System},
    {"/clear", "", "forget what was said; system message and settings stay", ChatArgument::kNone, Clear},
    {"/save", "FILE", "write the conversation, as JSON", ChatArgument::kFile, Save},
    {"/load", "FILE", "go on with a conversation that was saved", ChatArgument::kFile, Load},
    {"/model", "[NAME]", "go on with another model; without, list them", ChatArgument::kModel, SelectModel},
    {"/set", "[NAME VALUE]", "set a parameter, as in /set temperature 0.2; off removes it", ChatArgument::kSetting,
     Set},
    {"/show", "", "model, settings and what was said", ChatArgument::kNone, Show},
    {"/regenerate", "", "answer the last question anew", ChatArgument::kNone, Regenerate},
    {"/quit", "", "leave", ChatArgument::kNone, Quit},
};

std::string_view Trimmed(std::string_view text) {
  const size_t from = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(from, text.find_last_not_of(" \t\n") + 1 - from);
}

const ChatCommand* FindCommand(std::string_view name) {
  for (const ChatCommand& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

}  // namespace

std::span<const ChatCommand> ChatCommands() { return kCommands; }

Result<void> RunChatCommand(ChatContext& context, std::string_view line) {
  line = Trimmed(line);
  const size_t end = std::min(line.find_first_of(" \t\n"), line.size());
  const std::string name(line.substr(0, end));
  if (const ChatCommand* command = FindCommand(name)) {
    Result<void> done = command->run(context, std::string(Trimmed(line.substr(end))));
    if (!done.ok()) return std::move(done).error().Under(name);
    return {};
  }
  std::vector<std::string_view> names;
  for (const ChatCommand& command : kCommands) names.push_back(command.name);
  const std::string_view near = Nearest(name, names);
  return Error::NotFound(name, "got a command that is not known, want one of /help" +
                                   (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"));
}

ChatCompletion CompleteChatLine(const ChatContext& context, std::string_view line, size_t start,
                                std::string_view word) {
  ChatCompletion completion;
  std::vector<std::string> candidates;
  if (!line.starts_with('/')) return completion;
  if (start == 0) {
    for (const ChatCommand& command : kCommands) candidates.emplace_back(command.name);
  } else if (const ChatCommand* command = FindCommand(line.substr(0, line.find(' ')))) {
    const bool first_argument = Trimmed(line.substr(0, start)).size() == command->name.size();
    completion.files = command->takes == ChatArgument::kFile && first_argument;
    if (command->takes == ChatArgument::kSetting && first_argument) candidates = context.settings.keys();
    if (command->takes == ChatArgument::kModel) {
      for (const ModelListing& model : context.session.app().ListModels()) {
        if (CanChat(model)) candidates.push_back(model.id);
      }
    }
  }
  for (std::string& candidate : candidates) {
    if (candidate.starts_with(word)) completion.words.push_back(std::move(candidate));
  }
  return completion;
}

}  // namespace atelier
