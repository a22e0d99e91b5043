// atelier completion
#include <cstdio>

#include "cli/command.h"
#include "cli/completion_script.h"

namespace atelier {
namespace {

class CompletionCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.OneOf("shell", shell_, {"bash", "zsh", "fish"}, "the shell to write for");
    options.Required();
  }

  Result<void> Run(const Invocation& invocation) override {
    const std::string script = shell_ == "bash"  ? BashCompletion()
                               : shell_ == "zsh" ? ZshCompletion()
                                                 : FishCompletion();
    if (invocation.json) {
      invocation.Print(Json::Object({{"shell", shell_}, {"script", script}}));
    } else {
      std::printf("%s", script.c_str());
    }
    return {};
  }

 private:
  std::string shell_;
};

}  // namespace

extern const CommandEntry command_completion{
    "completion", "Print a script that completes atelier's arguments in a shell",
    "The script knows every command, option and choice, and asks for the names of models when they are wanted.\n"
    "\n"
    "  source <(atelier completion bash)\n"
    "  atelier completion zsh > \"${fpath[1]}/_atelier\"\n"
    "  atelier completion fish > ~/.config/fish/completions/atelier.fish",
    []() -> std::unique_ptr<Command> { return std::make_unique<CompletionCommand>(); }, /*runs_without_config=*/true};

}  // namespace atelier
