#include "cli/terminal_text.h"

namespace atelier {

std::string SafeForTerminal(std::string_view text) {
  constexpr unsigned char kDelete = 0x7f;
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < ' ' && c != '\n' && c != '\t') || byte == kDelete) {
      safe += '^';
      safe += static_cast<char>(byte ^ 0x40U);  // caret notation: ESC is ^[, DEL is ^?
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace atelier
