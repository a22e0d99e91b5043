// A subcommand is one file: what it takes and what it does. The table of all (x.entry.cc) gives the parser, --help, the
// manual page and shell completion. Results go to stdout, all else to stderr; with --json, stdout is one JSON document.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

// What a shell offers for a value.
enum class Completion : uint8_t { kNothing, kFiles, kModels, kCatalog, kCommands };

// Declares a command's arguments. `names` as "--port,-p" or, for positional ones, "file". The variables are set before
// Run and must live as long as the command; their values now are the defaults that --help shows.
class Options {
 public:
  virtual ~Options() = default;
  virtual void Text(std::string_view names, std::string& value, std::string_view help) = 0;
  virtual void Texts(std::string_view names, std::vector<std::string>& values, std::string_view help) = 0;
  virtual void Integer(std::string_view names, int64_t& value, std::string_view help) = 0;
  virtual void Number(std::string_view names, double& value, std::string_view help) = 0;
  virtual void Flag(std::string_view names, bool& value, std::string_view help) = 0;
  virtual void OneOf(std::string_view names, std::string& value, std::vector<std::string> choices,
                     std::string_view help) = 0;
  // What was declared last must be given.
  virtual void Required() = 0;
  // What the value of what was declared last is called in help, and what a shell offers for it.
  virtual void Takes(std::string_view placeholder, Completion completion) = 0;
  // Begins a section of --help; without, options stand under "Options".
  virtual void Section(std::string_view title) = 0;
};

// What every command has: the configuration file, and whether a program reads the output.
struct Invocation {
  Config config;
  std::string config_path;            // that was read; empty: none
  std::optional<Error> config_error;  // why it was not
  bool json = false;

  // Prints the one document that --json asks for.
  void Print(const Json& document) const;
  bool printed() const { return printed_; }

 private:
  mutable bool printed_ = false;
};

class Command {
 public:
  virtual ~Command() = default;
  virtual void Declare(Options& options) = 0;
  // An error is printed as "atelier NAME: where: what"; its kind gives the exit code.
  virtual Result<void> Run(const Invocation& invocation) = 0;
};

struct CommandEntry {
  std::string_view name;     // "serve", "models pull"
  std::string_view summary;  // one line, without a full stop
  // Paragraphs, separated by empty lines, and examples: lines that begin with two blanks.
  std::string_view details;
  std::unique_ptr<Command> (*make)();
  // Also where atelier.yaml cannot be read: then with the defaults, and Invocation::config_error set.
  bool runs_without_config = false;
};

// All commands, in order of their files' names.
std::span<const CommandEntry* const> Commands();

// Parses, runs, and gives the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
int RunCommandLine(int argc, char** argv);

}  // namespace atelier
