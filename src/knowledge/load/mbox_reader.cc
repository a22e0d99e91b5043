#include "knowledge/load/mbox_reader.h"

#include <algorithm>

namespace atelier {
namespace {

// Where the next mail's line "From " begins, at `at` or later; the end where there is none.
size_t NextMail(std::string_view bytes, size_t at) {
  if (at == 0 && bytes.starts_with("From ")) return 0;
  for (; at < bytes.size(); ++at) {
    at = bytes.find("\nFrom ", at);
    if (at == std::string_view::npos) return bytes.size();
    const bool after_empty_line =
        at == 0 || bytes[at - 1] == '\n' || (bytes[at - 1] == '\r' && at > 1 && bytes[at - 2] == '\n');
    if (after_empty_line) return at + 1;
  }
  return bytes.size();
}

// ">From " within a mail stood for "From ".
std::string Unescaped(std::string_view mail) {
  std::string text;
  text.reserve(mail.size());
  for (size_t at = 0; at < mail.size();) {
    const size_t end = std::min(mail.find('\n', at), mail.size() - 1) + 1;
    std::string_view line = mail.substr(at, end - at);
    const size_t marks = line.find_first_not_of('>');
    if (marks != std::string_view::npos && marks > 0 && line.substr(marks).starts_with("From ")) line.remove_prefix(1);
    text += line;
    at = end;
  }
  return text;
}

}  // namespace

MboxReader::MboxReader(std::string_view bytes) : bytes_(bytes), at_(NextMail(bytes, 0)) {}

std::optional<std::string> MboxReader::Next() {
  if (at_ >= bytes_.size()) return std::nullopt;
  const size_t next = NextMail(bytes_, at_ + 5);
  const size_t head = std::min(bytes_.find('\n', at_), next);
  std::string mail = Unescaped(bytes_.substr(head, next - head).substr(head < next ? 1 : 0));
  at_ = next;
  return mail;
}

}  // namespace atelier
