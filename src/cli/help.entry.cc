// atelier help
#include <cstdio>

#include "cli/command_page.h"
#include "cli/command_spec.h"

namespace atelier {
namespace {

class HelpCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Texts("command", words_, "the command to explain, as in `models pull`; without, the program");
    options.Takes("COMMAND", Completion::kCommands);
    options.Flag("--man", manual_, "print the page in man's language, for `man -l -`");
  }

  Result<void> Run(const Invocation& invocation) override {
    std::string name;
    for (const std::string& word : words_) name += (name.empty() ? "" : " ") + word;
    if (!name.empty() && !IsCommandOrGroup(name)) {
      const std::string near = NearestCommand(name);
      return Error::NotFound("command", "got '" + name + "', want one of `atelier help`" +
                                            (near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
    const std::string page = manual_ ? ManualPage(name) : HelpText(name, TerminalColumns());
    if (invocation.json) {
      invocation.Print(Json::Object({{"command", name}, {"page", page}}));
    } else {
      std::printf("%s", page.c_str());
    }
    return {};
  }

 private:
  std::vector<std::string> words_;
  bool manual_ = false;
};

}  // namespace

extern const CommandEntry command_help{"help", "Explain a command, here or as a manual page",
                                       "  atelier help models pull\n"
                                       "  atelier help --man chat | man -l -\n"
                                       "  atelier help --man > ~/.local/share/man/man1/atelier.1",
                                       []() -> std::unique_ptr<Command> { return std::make_unique<HelpCommand>(); },
                                       /*runs_without_config=*/true};

}  // namespace atelier
