// Texts that a command works on: from its arguments, or from standard input.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "cli/interrupt.h"

namespace atelier {

// The text that a command was given: its words joined with blanks; without any, or as "-", all of standard input, which
// a person is told to type as `awaited`.   Error: TooLarge above kMaxTextBytes of standard input.
Result<std::string> ReadText(const std::vector<std::string>& words, const char* awaited);
inline constexpr int64_t kMaxTextBytes = 64 << 20;  // far above any context
// The next line of standard input without its end ("\n" or "\r\n"); nothing at its end, or once `interrupt` has been
// requested, also while it waits.
std::optional<std::string> ReadLine(const Interrupt& interrupt);
// A note on stderr where a person would have to type the input.
void SayWhatIsAwaited(const char* what);

// One text of a list; `given` is the JSON value it came as, null for arguments and plain lines.
struct InputText {
  std::string text;
  Json given;
};
enum class InputForm {
  kLines,  // each line is a text; empty ones are skipped
  kJsonl,  // each line is a JSON string or an object with "text"
};
// A line of standard input as a text; nothing where ReadLine has nothing.   Errors name the line.
class InputReader {
 public:
  InputReader(InputForm form, const Interrupt& interrupt) : form_(form), interrupt_(interrupt) {}
  Result<std::optional<InputText>> Next();

 private:
  const InputForm form_;
  const Interrupt& interrupt_;
  int64_t line_ = 0;
};

}  // namespace atelier
