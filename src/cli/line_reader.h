// Lines that a person types: edited and remembered by readline where standard input is a terminal, read as they are
// where it is not.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/interrupt.h"

namespace atelier {

// One at a time: readline has one state a process.
class LineReader {
 public:
  enum class Got { kLine, kInterrupted, kEnd };
  struct Completions {
    std::vector<std::string> words;
    bool files = false;
  };
  using Complete = std::function<Completions(std::string_view line, size_t start, std::string_view word)>;

  // Prompts and echo go to `out`. Typed lines are kept in `history_path`, which only their owner may read.
  LineReader(Interrupt& interrupt, std::FILE* out, std::string history_path, Complete complete);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // A terminal is read from; else there are no prompts and no history.
  bool interactive() const { return interactive_; }
  // A line without its end. kInterrupted: Ctrl-C, and what was typed is gone.
  Got Read(const std::string& prompt, std::string& line);

 private:
  Got ReadEdited(const std::string& prompt, std::string& line);
  void Remember(const std::string& line);

  Interrupt& interrupt_;
  std::FILE* out_;
  const std::string history_path_;
  const bool interactive_;
  std::string last_remembered_;
};

}  // namespace atelier
