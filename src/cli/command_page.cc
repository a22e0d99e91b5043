#include "cli/command_page.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/text/utf8.h"
#include "cli/command_spec.h"

namespace atelier {
namespace {

// A term and what it means: an option, a command, a file, an exit code.
struct PageRow {
  std::string term;
  std::string meaning;
};
struct PageSection {
  std::string title;
  std::vector<std::string> paragraphs = {};
  std::vector<PageRow> rows = {};
  std::vector<std::string> lines = {};  // as they are
};
struct Page {
  std::string name;  // "atelier models pull"
  std::string summary;
  std::string synopsis;
  std::vector<PageSection> sections;
};

std::string Joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string joined;
  for (const std::string& part : parts) {
    if (!joined.empty()) joined += between;
    joined += part;
  }
  return joined;
}

std::string TermOf(const OptionSpec& option) {
  if (option.positional()) return option.names.front() + (option.many ? "..." : "");
  std::vector<std::string> names;
  // The short name first, as manual pages have it.
  for (const bool is_short : {true, false}) {
    for (const std::string& name : option.names) {
      if ((name.size() == 2) == is_short) names.push_back(name);
    }
  }
  return Joined(names, ", ") + (option.takes_value() ? " " + option.placeholder : "");
}

std::string MeaningOf(const OptionSpec& option) {
  std::string meaning = option.help;
  if (!option.choices.empty()) meaning += " (" + Joined(option.choices, ", ") + ")";
  if (!option.default_text.empty()) meaning += " [default: " + option.default_text + "]";
  if (option.required) meaning += " [required]";
  if (option.many && !option.positional()) meaning += " [may be repeated]";
  return meaning;
}

PageSection& SectionOf(Page& page, std::string_view title) {
  for (PageSection& section : page.sections) {
    if (section.title == title) return section;
  }
  page.sections.push_back({.title = std::string(title)});
  return page.sections.back();
}

// Paragraphs to the description, indented lines to the examples.
void AddDetails(Page& page, std::string_view details) {
  std::string paragraph;
  const auto end_paragraph = [&] {
    if (!paragraph.empty()) SectionOf(page, "Description").paragraphs.push_back(paragraph);
    paragraph.clear();
  };
  std::vector<std::string> examples;
  while (!details.empty()) {
    const size_t end = std::min(details.find('\n'), details.size());
    const std::string_view line = details.substr(0, end);
    details.remove_prefix(std::min(end + 1, details.size()));
    if (line.starts_with("  ")) {
      end_paragraph();
      examples.emplace_back(line.substr(2));
    } else if (line.empty()) {
      end_paragraph();
    } else {
      paragraph += (paragraph.empty() ? "" : " ") + std::string(line);
    }
  }
  end_paragraph();
  page.sections.push_back({.title = "Examples", .lines = std::move(examples)});
}

void AddSurroundings(Page& page) {
  page.sections.push_back({.title = "Exit codes",
                           .rows = {{"0", "done"},
                                    {"1", "failed; the reason is on stderr"},
                                    {"2", "wrong usage"},
                                    {"130", "interrupted with Ctrl-C"}}});
  page.sections.push_back({.title = "Files",
                           .rows = {{"$ATELIER_HOME/models/NAME", "models, one folder each"},
                                    {"$ATELIER_HOME/panels", "weights as kernels want them; may be deleted"},
                                    {"$ATELIER_HOME/traces.db", "what was called, when, and how long it took"},
                                    {"$ATELIER_HOME/chat_history", "lines typed into `atelier chat`"},
                                    {"atelier.yaml", "configuration: beside the caller, else in $ATELIER_HOME"}}});
  page.sections.push_back({.title = "Environment",
                           .rows = {{"ATELIER_HOME", "where data lies [default: ~/.atelier]"},
                                    {"ATELIER_HUB", "model hub or mirror to pull from"},
                                    {"HF_ENDPOINT, HF_TOKEN", "the hub where ATELIER_HUB is not set, and a key for it"},
                                    {"ATELIER_ISA", "instruction set to force: plain, avx2 or avx512"},
                                    {"http_proxy, https_proxy, no_proxy", "for downloads"}}});
}

Page PageOfCommand(const CommandSpec& spec, const std::vector<CommandSpec>& specs) {
  Page page;
  page.name = "atelier " + std::string(spec.entry->name);
  page.summary = spec.entry->summary;
  page.synopsis = page.name + " [OPTIONS]";
  AddDetails(page, spec.entry->details);
  PageSection examples = std::move(page.sections.back());
  page.sections.pop_back();
  for (const OptionSpec& option : spec.options) {
    if (!option.positional()) continue;
    const std::string word = option.names.front() + (option.many ? "..." : "");
    page.synopsis += option.required ? " " + word : " [" + word + "]";
    SectionOf(page, "Arguments").rows.push_back({TermOf(option), MeaningOf(option)});
  }
  for (const CommandSpec& other : specs) {
    if (!other.entry->name.starts_with(std::string(spec.entry->name) + " ")) continue;
    SectionOf(page, "Commands").rows.push_back({std::string(other.entry->name), std::string(other.entry->summary)});
  }
  for (const OptionSpec& option : spec.options) {
    if (option.positional()) continue;
    SectionOf(page, option.section.empty() ? "Options" : option.section)
        .rows.push_back({TermOf(option), MeaningOf(option)});
  }
  for (const OptionSpec& option : CommonOptions()) {
    SectionOf(page, "Options of every command").rows.push_back({TermOf(option), MeaningOf(option)});
  }
  page.sections.push_back(std::move(examples));
  AddSurroundings(page);
  return page;
}

Page PageOfGroup(std::string_view group, const std::vector<CommandSpec>& specs) {
  Page page;
  const bool root = group.empty();
  page.name = root ? "atelier" : "atelier " + std::string(group);
  page.summary = root ? "from a model file and a folder of documents to an application, on this machine"
                      : "commands for " + std::string(group);
  page.synopsis = page.name + " COMMAND [OPTIONS]";
  if (root) {
    page.sections.push_back(
        {.title = "Description",
         .paragraphs = {"Serves language models with the OpenAI API and works with them from the terminal. Commands "
                        "that run a model do so in their own process; none needs a running server.",
                        "`atelier COMMAND --help` or `atelier help COMMAND` tells more of each command."}});
  }
  for (const CommandSpec& spec : specs) {
    if (!root && !spec.entry->name.starts_with(std::string(group) + " ")) continue;
    SectionOf(page, "Commands").rows.push_back({std::string(spec.entry->name), std::string(spec.entry->summary)});
  }
  for (const OptionSpec& option : CommonOptions()) {
    SectionOf(page, "Options of every command").rows.push_back({TermOf(option), MeaningOf(option)});
  }
  if (root) SectionOf(page, "Options of every command").rows.push_back({"--version", "print the version"});
  if (root) {
    page.sections.push_back({.title = "Examples",
                             .lines = {"atelier models pull --defaults", "atelier serve", "atelier chat",
                                       "git diff | atelier complete --system 'Write a commit message.'",
                                       "source <(atelier completion bash)"}});
  }
  AddSurroundings(page);
  return page;
}

Page PageOf(std::string_view name) {
  const std::vector<CommandSpec> specs = DescribeCommands();
  for (const CommandSpec& spec : specs) {
    if (spec.entry->name == name) return PageOfCommand(spec, specs);
  }
  return PageOfGroup(name, specs);
}

std::string Upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

// `text` in lines of at most `columns`, each after the first behind `indent` blanks.
std::string Wrapped(std::string_view text, size_t indent, size_t columns) {
  std::string out;
  size_t column = indent;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t width = CountCodePoints(word);
    if (column > indent && column + 1 + width > columns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    }
    if (column > indent) out += ' ', ++column;
    out += word;
    column += width;
  }
  return out;
}

constexpr size_t kTermColumn = 30;  // where meanings begin

void AppendText(std::string& out, const PageSection& section, size_t columns) {
  if (section.paragraphs.empty() && section.rows.empty() && section.lines.empty()) return;
  out += "\n" + Upper(section.title) + "\n";
  for (size_t i = 0; i < section.paragraphs.size(); ++i) {
    out += (i == 0 ? "  " : "\n  ") + Wrapped(section.paragraphs[i], 2, columns) + "\n";
  }
  for (const PageRow& row : section.rows) {
    std::string term = "  " + row.term;
    if (term.size() + 2 > kTermColumn) {
      out += term + "\n";
      term.clear();
    }
    term.resize(kTermColumn, ' ');
    out += term + Wrapped(row.meaning, kTermColumn, columns) + "\n";
  }
  for (const std::string& line : section.lines) out += "  " + line + "\n";
}

// Text for a man page: backslashes and dashes as themselves, no line that reads as a request.
std::string Roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      if (out.empty() && (c == '.' || c == '\'')) out += "\\&";
      out += c;
    }
  }
  return out;
}

void AppendRoff(std::string& out, const PageSection& section) {
  if (section.paragraphs.empty() && section.rows.empty() && section.lines.empty()) return;
  out += ".SH " + Upper(section.title) + "\n";
  for (const std::string& paragraph : section.paragraphs) out += ".PP\n" + Roff(paragraph) + "\n";
  for (const PageRow& row : section.rows) out += ".TP\n\\fB" + Roff(row.term) + "\\fR\n" + Roff(row.meaning) + "\n";
  if (section.lines.empty()) return;
  out += ".EX\n";
  for (const std::string& line : section.lines) out += Roff(line) + "\n";
  out += ".EE\n";
}

}  // namespace

std::string HelpText(std::string_view name, int columns) {
  const Page page = PageOf(name);
  const auto width = static_cast<size_t>(columns);
  std::string out =
      page.name + " - " + Wrapped(page.summary, 2, width) + "\n\nUSAGE\n  " + Wrapped(page.synopsis, 4, width) + "\n";
  for (const PageSection& section : page.sections) AppendText(out, section, width);
  return out;
}

std::string ManualPage(std::string_view name) {
  const Page page = PageOf(name);
  std::string dashed = page.name;
  std::replace(dashed.begin(), dashed.end(), ' ', '-');
  std::string out = ".TH \"" + Upper(dashed) + "\" 1 \"\" \"atelier " ATELIER_VERSION "\"\n.SH NAME\n" + Roff(dashed) +
                    " \\- " + Roff(page.summary) + "\n.SH SYNOPSIS\n" + Roff(page.synopsis) + "\n";
  for (const PageSection& section : page.sections) AppendRoff(out, section);
  return out;
}

int TerminalColumns() {
  constexpr int kLeast = 60, kMost = 110, kElse = 100;
  winsize size{};
  if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kElse;
  return std::clamp(static_cast<int>(size.ws_col), kLeast, kMost);
}

}  // namespace atelier
