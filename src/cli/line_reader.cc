#include "cli/line_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// After stdio: its header uses FILE without including it.
#include <readline/history.h>
#include <readline/readline.h>

#include "cli/input.h"

namespace atelier {
namespace {

constexpr int kMostHistoryLines = 1000;

// readline calls plain functions: what they need stands here while a reader lives.
LineReader::Complete g_complete;
std::optional<std::optional<std::string>> g_line;  // set by readline: a line, or the end of input

void KeepLine(char* text) {
  if (text == nullptr) {
    g_line.emplace(std::nullopt);
  } else {
    g_line.emplace(std::string(text));
    std::free(text);
  }
  // Out of the raw mode at once, so that Ctrl-C and output work as usual while the line is answered.
  rl_callback_handler_remove();
}

char** CompleteWord(const char* word, int start, int /*end*/) {
  const LineReader::Completions found = g_complete(rl_line_buffer, static_cast<size_t>(start), word);
  rl_attempted_completion_over = found.files ? 0 : 1;
  if (found.files || found.words.empty()) return nullptr;
  // readline wants the common beginning first, then all, then null; it frees them.
  std::string common = found.words.front();
  for (const std::string& candidate : found.words) {
    size_t same = 0;
    while (same < common.size() && same < candidate.size() && common[same] == candidate[same]) ++same;
    common.resize(same);
  }
  const size_t num = found.words.size();
  auto** matches = static_cast<char**>(std::malloc((num + 2) * sizeof(char*)));
  matches[0] = strdup(common.c_str());
  if (num == 1) {
    matches[1] = nullptr;
    return matches;
  }
  for (size_t i = 0; i < num; ++i) matches[i + 1] = strdup(found.words[i].c_str());
  matches[num + 1] = nullptr;
  return matches;
}

}  // namespace

LineReader::LineReader(Interrupt& interrupt, std::FILE* out, std::string history_path, Complete complete)
    : interrupt_(interrupt),
      out_(out),
      history_path_(std::move(history_path)),
      interactive_(isatty(STDIN_FILENO) == 1) {
  if (!interactive_) return;
  g_complete = std::move(complete);
  // readline edits characters, not bytes, where the locale says what a character is.
  if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
  rl_readline_name = "atelier";
  rl_outstream = out;
  rl_attempted_completion_function = CompleteWord;
  rl_completer_word_break_characters = const_cast<char*>(" ");
  using_history();
  stifle_history(kMostHistoryLines);
  read_history(history_path_.c_str());
  // Appending wants a file; what people type is for them alone.
  const int file = open(history_path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (file >= 0) close(file);
}

LineReader::~LineReader() {
  if (!interactive_) return;
  rl_callback_handler_remove();
  history_truncate_file(history_path_.c_str(), kMostHistoryLines);
  g_complete = nullptr;
}

LineReader::Got LineReader::Read(const std::string& prompt, std::string& line) {
  if (interactive_) return ReadEdited(prompt, line);
  std::optional<std::string> read = ReadLine(interrupt_);
  if (interrupt_.requested()) return Got::kInterrupted;
  if (!read) return Got::kEnd;
  line = std::move(*read);
  return Got::kLine;
}

LineReader::Got LineReader::ReadEdited(const std::string& prompt, std::string& line) {
  interrupt_.Renew();
  g_line.reset();
  rl_callback_handler_install(prompt.c_str(), KeepLine);
  while (!g_line) {
    pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {interrupt_.descriptor(), POLLIN, 0}};
    if (poll(watched, 2, -1) < 0 && errno != EINTR) break;
    if ((watched[1].revents & POLLIN) != 0) {
      rl_callback_sigcleanup();
      rl_free_line_state();
      rl_callback_handler_remove();
      std::fputs("^C\n", out_);
      std::fflush(out_);
      interrupt_.Renew();
      return Got::kInterrupted;
    }
    if ((watched[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) rl_callback_read_char();
  }
  interrupt_.Renew();
  if (!g_line || !*g_line) {
    std::fputs("\n", out_);
    return Got::kEnd;
  }
  line = std::move(**g_line);
  Remember(line);
  return Got::kLine;
}

void LineReader::Remember(const std::string& line) {
  if (line.find_first_not_of(" \t") == std::string::npos || line == last_remembered_) return;
  last_remembered_ = line;
  add_history(line.c_str());
  append_history(1, history_path_.c_str());
}

}  // namespace atelier
