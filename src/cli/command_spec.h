// What the commands declare, as data: for --help, manual pages and shell completion.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace atelier {

struct OptionSpec {
  std::vector<std::string> names;  // "--port", "-p"; a positional one has one name without dashes
  std::string placeholder;         // of the value: "NUMBER"; empty: a flag
  std::string help;
  std::string default_text;  // empty: none
  std::vector<std::string> choices;
  std::string section;
  bool required = false;
  bool many = false;
  Completion completion = Completion::kNothing;

  bool positional() const { return !names.front().starts_with('-'); }
  bool takes_value() const { return !placeholder.empty(); }
};

struct CommandSpec {
  const CommandEntry* entry = nullptr;
  std::vector<OptionSpec> options;
};

// Of all commands, in the table's order.
std::vector<CommandSpec> DescribeCommands();
// --config, --json, --help: what every command takes.
std::vector<OptionSpec> CommonOptions();
// "--port,-p" as two names.
std::vector<std::string> SplitNames(std::string_view names);
// The words before the last of commands with two: "models".
std::vector<std::string> CommandGroups();
// Whether `name` is "models" or "models pull".
bool IsCommandOrGroup(std::string_view name);
// The command or group that `name` was most likely meant to be; empty if none is near.
std::string NearestCommand(std::string_view name);

}  // namespace atelier
