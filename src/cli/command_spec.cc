#include "cli/command_spec.h"

#include <algorithm>

#include "base/text/describe.h"

namespace atelier {
namespace {

// Writes down what a command declares.
class Recorder final : public Options {
 public:
  explicit Recorder(std::vector<OptionSpec>& specs) : specs_(specs) {}

  void Text(std::string_view names, std::string& value, std::string_view help) override {
    Add(names, "TEXT", help).default_text = value;
  }
  void Texts(std::string_view names, std::vector<std::string>& /*values*/, std::string_view help) override {
    Add(names, "TEXT", help).many = true;
  }
  void Integer(std::string_view names, int64_t& value, std::string_view help) override {
    // A negative one stands for "not given".
    Add(names, "N", help).default_text = value < 0 ? "" : std::to_string(value);
  }
  void Number(std::string_view names, double& value, std::string_view help) override {
    Add(names, "NUMBER", help).default_text = Json(value).Dump();
  }
  void Flag(std::string_view names, bool& /*value*/, std::string_view help) override { Add(names, "", help); }
  void OneOf(std::string_view names, std::string& value, std::vector<std::string> choices,
             std::string_view help) override {
    OptionSpec& spec = Add(names, "CHOICE", help);
    spec.default_text = value;
    spec.choices = std::move(choices);
  }
  void Required() override { specs_.back().required = true; }
  void Takes(std::string_view placeholder, Completion completion) override {
    specs_.back().placeholder = placeholder;
    specs_.back().completion = completion;
  }
  void Section(std::string_view title) override { section_ = title; }

 private:
  OptionSpec& Add(std::string_view names, std::string_view placeholder, std::string_view help) {
    OptionSpec& spec = specs_.emplace_back();
    spec.names = SplitNames(names);
    spec.placeholder = placeholder;
    spec.help = help;
    spec.section = section_;
    return spec;
  }

  std::vector<OptionSpec>& specs_;
  std::string section_;
};

}  // namespace

std::vector<std::string> SplitNames(std::string_view names) {
  std::vector<std::string> split;
  while (!names.empty()) {
    const size_t comma = std::min(names.find(','), names.size());
    split.emplace_back(names.substr(0, comma));
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return split;
}

std::vector<CommandSpec> DescribeCommands() {
  std::vector<CommandSpec> specs;
  for (const CommandEntry* entry : Commands()) {
    CommandSpec& spec = specs.emplace_back();
    spec.entry = entry;
    const std::unique_ptr<Command> command = entry->make();
    Recorder recorder(spec.options);
    command->Declare(recorder);
  }
  return specs;
}

std::vector<OptionSpec> CommonOptions() {
  std::vector<OptionSpec> specs;
  Recorder recorder(specs);
  std::string text;
  bool flag = false;
  recorder.Text("--config", text, "configuration to read; without, ./atelier.yaml, then $ATELIER_HOME/atelier.yaml");
  recorder.Takes("FILE", Completion::kFiles);
  recorder.Flag("--json", flag, "print one JSON document on stdout; messages go to stderr");
  recorder.Flag("--help,-h", flag, "print this page");
  return specs;
}

std::vector<std::string> CommandGroups() {
  std::vector<std::string> groups;
  for (const CommandEntry* entry : Commands()) {
    const size_t space = entry->name.find(' ');
    if (space == std::string_view::npos) continue;
    const std::string group(entry->name.substr(0, space));
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  }
  return groups;
}

bool IsCommandOrGroup(std::string_view name) {
  for (const CommandEntry* entry : Commands()) {
    if (entry->name == name) return true;
  }
  const std::vector<std::string> groups = CommandGroups();
  return std::find(groups.begin(), groups.end(), name) != groups.end();
}

std::string NearestCommand(std::string_view name) {
  const std::vector<std::string> groups = CommandGroups();
  std::vector<std::string_view> known(groups.begin(), groups.end());
  for (const CommandEntry* entry : Commands()) known.push_back(entry->name);
  return std::string(Nearest(name, known));
}

}  // namespace atelier
