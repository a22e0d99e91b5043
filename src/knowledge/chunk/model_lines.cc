#include "knowledge/chunk/model_lines.h"

#include "base/text/unicode.h"
#include "base/text/utf8.h"

namespace atelier {

std::string WhitespaceTidied(std::string_view said) {
  std::string line;
  for (const char c : Trim(said)) {
    const bool is_space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!is_space) line += c;
    if (is_space && !line.ends_with(' ')) line += ' ';
  }
  return ReplaceInvalidUtf8(line);
}

std::string CutToBytes(std::string_view text, size_t most) {
  std::string cut(text.substr(0, most));
  if (cut.size() < text.size()) cut.resize(cut.size() - IncompleteUtf8Tail(cut));
  return cut;
}

}  // namespace atelier
