#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <map>

#include "base/text/json.h"
#include "cli/command.h"

namespace atelier {
namespace {

// Options over CLI11.
class Cli11Options final : public Options {
 public:
  explicit Cli11Options(CLI::App& app) : app_(app) {}

  void Text(std::string_view names, std::string& value, std::string_view help) override {
    last_ = app_.add_option(std::string(names), value, std::string(help));
    if (!value.empty()) last_->capture_default_str();
  }
  void Texts(std::string_view names, std::vector<std::string>& values, std::string_view help) override {
    last_ = app_.add_option(std::string(names), values, std::string(help));
  }
  void Integer(std::string_view names, int64_t& value, std::string_view help) override {
    last_ = app_.add_option(std::string(names), value, std::string(help))->capture_default_str();
  }
  void Number(std::string_view names, double& value, std::string_view help) override {
    last_ = app_.add_option(std::string(names), value, std::string(help))->capture_default_str();
  }
  void Flag(std::string_view names, bool& value, std::string_view help) override {
    last_ = app_.add_flag(std::string(names), value, std::string(help));
  }
  void OneOf(std::string_view names, std::string& value, std::vector<std::string> choices,
             std::string_view help) override {
    last_ = app_.add_option(std::string(names), value, std::string(help))
                ->check(CLI::IsMember(std::move(choices)))
                ->capture_default_str();
  }
  void Required() override { last_->required(); }

 private:
  CLI::App& app_;
  CLI::Option* last_ = nullptr;
};

struct Parsed {
  std::string config_path;
  bool json = false;
  const CommandEntry* entry = nullptr;
  std::unique_ptr<Command> command;
};

// The parser of "models" in "models pull", made when its first command comes.
CLI::App& GroupOf(CLI::App& root, std::map<std::string, CLI::App*>& groups, const std::string& name) {
  CLI::App*& group = groups[name];
  if (group == nullptr) {
    group = root.add_subcommand(name, "Commands for " + name);
    group->require_subcommand(1);
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
  app->footer(std::string(entry.details));
  app->fallthrough();
  const size_t index = commands.size();
  commands.push_back(entry.make());
  Cli11Options options(*app);
  commands.back()->Declare(options);
  app->callback([&parsed, &commands, &entry, index] {
    parsed.entry = &entry;
    parsed.command = std::move(commands[index]);
  });
}

// atelier.yaml beside the caller, then under home; none is fine unless one was named.
Result<Config> ReadConfiguration(const std::string& path) {
  if (!path.empty()) return LoadConfig(path);
  if (std::filesystem::exists("atelier.yaml")) return LoadConfig("atelier.yaml");
  const std::string at_home = HomeDirectory(Config{}) + "/atelier.yaml";
  if (std::filesystem::exists(at_home)) return LoadConfig(at_home);
  return Config{};
}

int ExitCode(const Error& error) {
  if (error.kind == ErrorKind::kCancelled) return 130;
  return 1;
}

int RunParsed(Parsed& parsed) {
  Invocation invocation;
  invocation.json = parsed.json;
  Result<Config> config = ReadConfiguration(parsed.config_path);
  Result<void> done = config.ok() ? Result<void>() : Result<void>(config.error());
  if (config.ok()) {
    invocation.config = std::move(*config);
    done = parsed.command->Run(invocation);
  }
  std::fflush(stdout);
  if (done.ok()) return 0;
  std::fprintf(stderr, "atelier %.*s: %s\n", static_cast<int>(parsed.entry->name.size()), parsed.entry->name.data(),
               done.error().Message().c_str());
  if (invocation.json) {
    const Json error = Json::Object(
        {{"error", Json::Object({{"code", ErrorKindName(done.error().kind)}, {"message", done.error().Message()}})}});
    std::printf("%s\n", error.Dump().c_str());
  }
  return ExitCode(done.error());
}

}  // namespace

int RunCommandLine(int argc, char** argv) {
  CLI::App root("Atelier: from a model file and a folder of documents to an application, on this machine.", "atelier");
  root.set_version_flag("--version", std::string("atelier ") + ATELIER_VERSION);
  root.set_help_all_flag("--help-all", "the help of every command");
  root.require_subcommand(1);
  root.get_formatter()->column_width(34);
  Parsed parsed;
  root.add_option("--config", parsed.config_path, "atelier.yaml to read (default: here, then $ATELIER_HOME)");
  root.add_flag("--json", parsed.json, "one JSON document on stdout");
  root.footer("Data lies in $ATELIER_HOME (default ~/.atelier). `atelier COMMAND --help` tells more.");
  std::map<std::string, CLI::App*> groups;
  std::vector<std::unique_ptr<Command>> commands;
  for (const CommandEntry* entry : Commands()) AddCommand(root, groups, *entry, commands, parsed);
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    return root.exit(fault, std::cout, std::cerr) == 0 ? 0 : 2;
  }
  return RunParsed(parsed);
}

}  // namespace atelier
