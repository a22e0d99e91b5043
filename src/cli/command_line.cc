#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <map>

#include "cli/command.h"
#include "cli/command_page.h"
#include "cli/command_spec.h"

namespace atelier {
namespace {

// Options over CLI11.
class Cli11Options final : public Options {
 public:
  explicit Cli11Options(CLI::App& app) : app_(app) {}

  void Text(std::string_view names, std::string& value, std::string_view help) override {
    last_ = app_.add_option(std::string(names), value, std::string(help));
  }
  void Texts(std::string_view names, std::vector<std::string>& values, std::string_view help) override {
    last_ = app_.add_option(std::string(names), values, std::string(help));
    // "--stop x word": the word is an argument of the command, not a second stop.
    if (names.starts_with('-')) last_->allow_extra_args(false);
  }
  void Integer(std::string_view names, int64_t& value, std::string_view help) override {
    last_ = app_.add_option(std::string(names), value, std::string(help));
  }
  void Number(std::string_view names, double& value, std::string_view help) override {
    last_ = app_.add_option(std::string(names), value, std::string(help));
  }
  void Flag(std::string_view names, bool& value, std::string_view help) override {
    last_ = app_.add_flag(std::string(names), value, std::string(help));
  }
  void OneOf(std::string_view names, std::string& value, std::vector<std::string> choices,
             std::string_view help) override {
    last_ = app_.add_option(std::string(names), value, std::string(help))->check(CLI::IsMember(std::move(choices)));
  }
  void Required() override { last_->required(); }
  void Takes(std::string_view /*placeholder*/, Completion /*completion*/) override {}
  void Section(std::string_view /*title*/) override {}

 private:
  CLI::App& app_;
  CLI::Option* last_ = nullptr;
};

// --help prints our own page.
class PageFormatter final : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string /*name*/, CLI::AppFormatMode /*mode*/) const override {
    std::string name;
    for (; app != nullptr && app->get_parent() != nullptr; app = app->get_parent()) {
      name = name.empty() ? app->get_name() : app->get_name() + " " + name;
    }
    return HelpText(name, TerminalColumns());
  }
};

struct Parsed {
  std::string config_path;
  bool json = false;
  const CommandEntry* entry = nullptr;
  std::unique_ptr<Command> command;
};

// The parser of "models" in "models pull", made when its first command comes. A group may be a command itself ("mcp"):
// its file's name comes first.
CLI::App& GroupOf(CLI::App& root, std::map<std::string, CLI::App*>& groups, const std::string& name) {
  CLI::App*& group = groups[name];
  if (group == nullptr) {
    const auto is_it = [&](CLI::App* app) { return app->get_name() == name; };
    if (const auto found = root.get_subcommands(is_it); !found.empty()) group = found.front();
  }
  if (group == nullptr) {
    group = root.add_subcommand(name, "Commands for " + name);
    group->require_subcommand(1);
    group->fallthrough();
  }
  return *group;
}

void AddCommand(CLI::App& root, std::map<std::string, CLI::App*>& groups, const CommandEntry& entry,
                std::vector<std::unique_ptr<Command>>& commands, Parsed& parsed) {
  const std::string full(entry.name);
  const size_t space = full.find(' ');
  CLI::App& parent = space == std::string::npos ? root : GroupOf(root, groups, full.substr(0, space));
  const std::string name = space == std::string::npos ? full : full.substr(space + 1);
  CLI::App* app = parent.add_subcommand(name, std::string(entry.summary));
  app->fallthrough();
  const size_t index = commands.size();
  commands.push_back(entry.make());
  Cli11Options options(*app);
  commands.back()->Declare(options);
  app->callback([&parsed, &commands, &entry, index] {
    // The parser calls the innermost command first.
    if (parsed.entry != nullptr) return;
    parsed.entry = &entry;
    parsed.command = std::move(commands[index]);
  });
}

// atelier.yaml beside the caller, then under home; none is fine unless one was named.
std::string ConfigurationPath(const std::string& named) {
  if (!named.empty()) return named;
  if (std::filesystem::exists("atelier.yaml")) return "atelier.yaml";
  const std::string at_home = HomeDirectory(Config{}) + "/atelier.yaml";
  return std::filesystem::exists(at_home) ? at_home : "";
}

int ExitCode(const Error& error) {
  if (error.kind == ErrorKind::kCancelled) return 130;
  return 1;
}

int RunParsed(Parsed& parsed) {
  Invocation invocation;
  invocation.json = parsed.json;
  invocation.config_path = ConfigurationPath(parsed.config_path);
  Result<Config> config = invocation.config_path.empty() ? Config{} : LoadConfig(invocation.config_path);
  Result<void> done;
  if (config.ok()) {
    invocation.config = std::move(*config);
  } else {
    invocation.config_error = config.error();
    if (!parsed.entry->runs_without_config) done = std::move(config).error();
  }
  if (done.ok()) done = parsed.command->Run(invocation);
  std::fflush(stdout);
  if (done.ok()) return 0;
  const Error& error = done.error();
  std::fprintf(stderr, "atelier %.*s: %s\n", static_cast<int>(parsed.entry->name.size()), parsed.entry->name.data(),
               error.Message().c_str());
  if (invocation.json && !invocation.printed()) {
    Json about =
        Json::Object({{"code", error.code.empty() ? ErrorKindName(error.kind) : std::string_view(error.code)}});
    about.Set("message", error.Message());
    invocation.Print(Json::Object({{"error", std::move(about)}}));
  }
  return ExitCode(error);
}

// The command that the arguments name, as far as they do: "models", "models pul".
std::string CommandWords(int argc, char** argv) {
  std::string name;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with('-')) {
      i += word == "--config" ? 1 : 0;
      continue;
    }
    name += (name.empty() ? "" : " ") + std::string(word);
    const std::vector<std::string> groups = CommandGroups();
    if (std::find(groups.begin(), groups.end(), name) == groups.end()) break;
  }
  return name;
}

// Wrong usage: what is wrong, and where to read on.
int ExplainUsage(const CLI::ParseError& fault, int argc, char** argv) {
  std::string what = fault.what();
  std::string command = CommandWords(argc, argv);
  if (!command.empty() && !IsCommandOrGroup(command)) {
    const std::string near = NearestCommand(command);
    what = "got the command '" + command + "', want one that exists" +
           (near.empty() ? "" : "; did you mean '" + near + "'?");
    command.clear();
  }
  std::fprintf(stderr, "atelier: %s\n`atelier %s--help` tells what there is.\n", what.c_str(),
               command.empty() ? "" : (command + " ").c_str());
  return 2;
}

}  // namespace

void Invocation::Print(const Json& document) const {
  printed_ = true;
  std::printf("%s\n", document.Dump().c_str());
  std::fflush(stdout);
}

int RunCommandLine(int argc, char** argv) {
  CLI::App root("Atelier", "atelier");
  root.set_version_flag("--version", std::string("atelier ") + ATELIER_VERSION);
  root.formatter(std::make_shared<PageFormatter>());
  root.require_subcommand(1);
  Parsed parsed;
  root.add_option("--config", parsed.config_path);
  root.add_flag("--json", parsed.json);
  std::map<std::string, CLI::App*> groups;
  std::vector<std::unique_ptr<Command>> commands;
  for (const CommandEntry* entry : Commands()) AddCommand(root, groups, *entry, commands, parsed);
  if (argc == 1) {
    std::printf("%s", HelpText("", TerminalColumns()).c_str());
    return 2;
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::Success& told) {
    return root.exit(told, std::cout, std::cerr);
  } catch (const CLI::ParseError& fault) {
    return ExplainUsage(fault, argc, argv);
  }
  return RunParsed(parsed);
}

}  // namespace atelier
