#include "cli/completion_script.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "cli/command_spec.h"

namespace atelier {
namespace {

// 'it'\''s' for bash, zsh and (where \' within quotes is known too) fish.
std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::vector<OptionSpec> OptionsOf(const CommandSpec& spec) {
  std::vector<OptionSpec> options;
  for (const OptionSpec& option : spec.options) {
    if (!option.positional()) options.push_back(option);
  }
  for (const OptionSpec& option : CommonOptions()) options.push_back(option);
  return options;
}

const OptionSpec* PositionalOf(const CommandSpec& spec) {
  for (const OptionSpec& option : spec.options) {
    if (option.positional()) return &option;
  }
  return nullptr;
}

// The first words of commands, and the second words of a group.
struct Word {
  std::string text;
  std::string meaning;
};
std::vector<Word> WordsUnder(std::string_view group, const std::vector<CommandSpec>& specs) {
  std::vector<Word> words;
  for (const CommandSpec& spec : specs) {
    std::string_view name = spec.entry->name;
    if (!group.empty()) {
      if (!name.starts_with(std::string(group) + " ")) continue;
      name.remove_prefix(group.size() + 1);
    } else if (name.find(' ') != std::string_view::npos) {
      continue;
    }
    words.push_back({std::string(name), std::string(spec.entry->summary)});
  }
  if (!group.empty()) return words;
  for (const std::string& one : CommandGroups()) {
    const bool is_command = std::ranges::any_of(words, [&](const Word& word) { return word.text == one; });
    if (!is_command) words.push_back({one, "commands for " + one});
  }
  return words;
}

std::string Joined(const std::vector<Word>& words) {
  std::string joined;
  for (const Word& word : words) joined += (joined.empty() ? "" : " ") + word.text;
  return joined;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : " ") + word;
  return joined;
}

std::string AllCommands() {
  std::vector<Word> words;
  for (const CommandEntry* entry : Commands()) {
    const std::string name(entry->name.substr(0, entry->name.find(' ')));
    if (words.empty() || words.back().text != name) words.push_back({name, ""});
  }
  return Joined(words);
}

constexpr std::string_view kModelNames = "$(atelier models list --names 2>/dev/null)";
constexpr std::string_view kCatalogNames = "$(atelier models list --all --names 2>/dev/null)";

// What bash and zsh offer for a value, as a call of the script's own functions.
std::string Offer(const OptionSpec& option) {
  if (!option.choices.empty()) return "_atelier_words " + Quoted(Joined(option.choices));
  switch (option.completion) {
    case Completion::kFiles: return "_atelier_files";
    case Completion::kModels: return "_atelier_words \"" + std::string(kModelNames) + "\"";
    case Completion::kCatalog: return "_atelier_words \"" + std::string(kCatalogNames) + "\"";
    case Completion::kCommands: return "_atelier_words " + Quoted(AllCommands());
    case Completion::kNothing: break;
  }
  return ":";
}

// The part that bash and zsh share: which words stand before the one to complete, and what fits there. It reads
// `words_before` (all but the program) and `current`.
std::string SharedPart() {
  const std::vector<CommandSpec> specs = DescribeCommands();
  std::string script =
      "_atelier_complete() {\n"
      "  local command='' previous='' word skip=''\n"
      "  for word in \"${words_before[@]}\"; do\n"
      "    previous=$word\n"
      "    if [[ -n $skip ]]; then skip=''; continue; fi\n"
      "    if [[ $word == --config ]]; then skip=1; continue; fi\n"
      "    if [[ $word == -* ]]; then continue; fi\n"
      "    case \"$command\" in\n"
      "      '') command=$word ;;\n";
  for (const std::string& group : CommandGroups()) {
    script += "      " + Quoted(group) + ") command=\"" + group + " $word\" ;;\n";
  }
  script += "    esac\n  done\n  case \"$command:$previous\" in\n    *:--config) _atelier_files; return ;;\n";
  for (const CommandSpec& spec : specs) {
    for (const OptionSpec& option : spec.options) {
      if (option.positional() || !option.takes_value()) continue;
      std::string patterns;
      for (const std::string& name : option.names) {
        patterns += (patterns.empty() ? "" : "|") + Quoted(std::string(spec.entry->name) + ":" + name);
      }
      script += "    " + patterns + ") " + Offer(option) + "; return ;;\n";
    }
  }
  script += "  esac\n  case \"$command\" in\n    '') _atelier_words " + Quoted(Joined(WordsUnder("", specs))) +
            "' --config --json --help --version' ;;\n";
  for (const std::string& group : CommandGroups()) {
    script +=
        "    " + Quoted(group) + ") _atelier_words " + Quoted(Joined(WordsUnder(group, specs))) + "' --help' ;;\n";
  }
  for (const CommandSpec& spec : specs) {
    std::vector<std::string> names;
    for (const OptionSpec& option : OptionsOf(spec)) {
      names.insert(names.end(), option.names.begin(), option.names.end());
    }
    const OptionSpec* positional = PositionalOf(spec);
    script += "    " + Quoted(spec.entry->name) + ")\n      if [[ $current == -* ]]; then _atelier_words " +
              Quoted(Joined(names)) + "; else " + (positional != nullptr ? Offer(*positional) : ":") + "; fi ;;\n";
  }
  return script + "  esac\n}\n";
}

// What a fish option offers for its value.
std::string FishOffer(const OptionSpec& option) {
  if (!option.choices.empty()) return " -x -a " + Quoted(Joined(option.choices));
  switch (option.completion) {
    case Completion::kFiles: return " -r -F";
    case Completion::kModels: return " -x -a '(atelier models list --names 2>/dev/null)'";
    case Completion::kCatalog: return " -x -a '(atelier models list --all --names 2>/dev/null)'";
    case Completion::kCommands: return " -x -a " + Quoted(AllCommands());
    case Completion::kNothing: break;
  }
  return " -x";
}

std::string FishOption(const std::string& condition, const OptionSpec& option) {
  std::string line = "complete -c atelier -n " + Quoted(condition);
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  return line + (option.takes_value() ? FishOffer(option) : "") + " -d " + Quoted(option.help) + "\n";
}

}  // namespace

std::string BashCompletion() {
  return "# Completion of atelier for bash: source <(atelier completion bash)\n"
         "_atelier_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$current\")); }\n"
         "_atelier_files() { compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$current\")); }\n" +
         SharedPart() +
         "_atelier() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]}\n"
         "  local words_before=(\"${COMP_WORDS[@]:1:COMP_CWORD-1}\")\n"
         "  COMPREPLY=()\n"
         "  _atelier_complete\n"
         "}\n"
         "complete -F _atelier atelier\n";
}

std::string ZshCompletion() {
  return "#compdef atelier\n"
         "# Completion of atelier for zsh: atelier completion zsh > \"${fpath[1]}/_atelier\"\n"
         "_atelier_words() { compadd -- ${=1}; }\n"
         "_atelier_files() { _files; }\n" +
         SharedPart() +
         "_atelier() {\n"
         "  local current=${words[CURRENT]}\n"
         "  local words_before=(\"${(@)words[2,CURRENT-1]}\")\n"
         "  _atelier_complete\n"
         "}\n"
         "if [[ $funcstack[1] == _atelier ]]; then _atelier \"$@\"; else compdef _atelier atelier; fi\n";
}

std::string FishCompletion() {
  const std::vector<CommandSpec> specs = DescribeCommands();
  std::string script =
      "# Completion of atelier for fish: atelier completion fish > ~/.config/fish/completions/atelier.fish\n"
      "complete -c atelier -f\n";
  for (const Word& word : WordsUnder("", specs)) {
    script += "complete -c atelier -n __fish_use_subcommand -a " + word.text + " -d " + Quoted(word.meaning) + "\n";
  }
  for (const std::string& group : CommandGroups()) {
    const std::vector<Word> words = WordsUnder(group, specs);
    const std::string condition =
        "__fish_seen_subcommand_from " + group + "; and not __fish_seen_subcommand_from " + Joined(words);
    for (const Word& word : words) {
      script +=
          "complete -c atelier -n " + Quoted(condition) + " -a " + word.text + " -d " + Quoted(word.meaning) + "\n";
    }
  }
  for (const OptionSpec& option : CommonOptions()) script += FishOption("true", option);
  for (const CommandSpec& spec : specs) {
    std::string condition(spec.entry->name);
    const size_t space = condition.find(' ');
    if (space != std::string::npos) condition.replace(space, 1, "; and __fish_seen_subcommand_from ");
    condition = "__fish_seen_subcommand_from " + condition;
    for (const OptionSpec& option : spec.options) {
      if (!option.positional()) {
        script += FishOption(condition, option);
      } else if (option.completion != Completion::kNothing || !option.choices.empty()) {
        script += "complete -c atelier -n " + Quoted(condition) + FishOffer(option) + "\n";
      }
    }
  }
  return script;
}

}  // namespace atelier
