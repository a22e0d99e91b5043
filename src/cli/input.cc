#include "cli/input.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace atelier {
namespace {

Result<std::string> ReadStdin(int64_t max_bytes) {
  std::string text;
  char buffer[1 << 16];
  while (const size_t num = std::fread(buffer, 1, sizeof buffer, stdin)) {
    text.append(buffer, num);
    if (static_cast<int64_t>(text.size()) > max_bytes) {
      return Error::TooLarge("standard input",
                             "got more than " + std::to_string(max_bytes) + " bytes, want at most so");
    }
  }
  return text;
}

}  // namespace

Result<std::string> ReadText(const std::vector<std::string>& words, const char* awaited) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  if (!words.empty() && text != "-") return text;
  SayWhatIsAwaited(awaited);
  return ReadStdin(kMaxTextBytes);
}

std::optional<std::string> ReadLine(const Interrupt& interrupt) {
  static std::string read_ahead;  // of standard input, which there is one of
  static bool at_end = false;
  size_t searched = 0;
  for (;;) {
    const size_t end = read_ahead.find('\n', searched);
    if (end != std::string::npos || (at_end && !read_ahead.empty())) {
      std::string line = read_ahead.substr(0, end);
      read_ahead.erase(0, end == std::string::npos ? end : end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    searched = read_ahead.size();
    pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {interrupt.descriptor(), POLLIN, 0}};
    if (at_end || (poll(watched, 2, -1) < 0 && errno != EINTR) || interrupt.requested()) return std::nullopt;
    if (watched[0].revents == 0) continue;
    char buffer[1 << 16];
    const ssize_t num = read(STDIN_FILENO, buffer, sizeof buffer);
    if (num > 0) read_ahead.append(buffer, static_cast<size_t>(num));
    at_end = num == 0 || (num < 0 && errno != EINTR);
  }
}

void SayWhatIsAwaited(const char* what) {
  if (isatty(STDIN_FILENO) == 1) std::fprintf(stderr, "reading %s; end with Ctrl-D\n", what);
}

Result<std::optional<InputText>> InputReader::Next() {
  for (;;) {
    std::optional<std::string> line = ReadLine(interrupt_);
    if (!line) return std::optional<InputText>();
    ++line_;
    if (line->find_first_not_of(" \t") == std::string::npos) continue;
    InputText input;
    if (form_ == InputForm::kLines) {
      input.text = std::move(*line);
      return std::optional(std::move(input));
    }
    const std::string where = "line " + std::to_string(line_);
    Result<Json> json = Json::Parse(*line);
    if (!json.ok()) return std::move(json).error().Under(where);
    input.given = std::move(*json);
    const Json& text = input.given.is_object() ? input.given["text"] : input.given;
    if (!text.is_string()) {
      return Error::Invalid(where, "got " + std::string(input.given.TypeName()) +
                                       ", want a JSON string or an object with a string \"text\"");
    }
    input.text = text.AsString();
    return std::optional(std::move(input));
  }
}

}  // namespace atelier
