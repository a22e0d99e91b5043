#include "agent/tools/imap_reader.h"

#include <algorithm>
#include <charconv>

#include "agent/tools/mail_store.h"
#include "base/text/unicode.h"

namespace atelier {
namespace {

constexpr size_t kMaxLineBytes = 4 << 20;       // a SEARCH that finds 500,000 mails
constexpr int64_t kMaxCommandBytes = 64 << 20;  // of all responses to one command
constexpr int64_t kMaxValues = 1'000'000;       // of all responses to one command: some 64 MiB
constexpr int kMaxDepth = 32;                   // of lists

}  // namespace

const ImapValue* ImapResponse::Item(std::string_view name) const {
  for (const ImapValue& value : values) {
    // Names and values take turns.
    for (size_t i = 0; i + 1 < value.items.size(); i += 2) {
      if (UpperCase(value.items[i].text).starts_with(name)) return &value.items[i + 1];
    }
  }
  return nullptr;
}

Result<void> ImapReader::Take() {
  char bytes[16 << 10];
  TRY(const size_t got, source_(bytes, sizeof bytes));
  if (got == 0) return Error::Unavailable(where_, "the server closed the connection");
  taken_bytes_ += static_cast<int64_t>(got);
  if (taken_bytes_ > kMaxCommandBytes) return Error::TooLarge(where_, "got more than 64 MiB for a command");
  buffer_.append(bytes, got);
  return {};
}

Result<void> ImapReader::CountValue() {
  if (++num_values_ <= kMaxValues) return {};
  return Error::TooLarge(where_, "got more than a million values for a command");
}

Result<std::string> ImapReader::ReadLine() {
  size_t searched = 0;
  while (true) {
    const size_t end = buffer_.find("\r\n", searched);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 2);
      return line;
    }
    if (buffer_.size() > kMaxLineBytes) return Error::TooLarge(where_, "got a line of more than 4 MiB");
    searched = buffer_.empty() ? 0 : buffer_.size() - 1;
    TRY_VOID(Take());
  }
}

Result<std::string> ImapReader::ReadBytes(size_t size) {
  while (buffer_.size() < size) TRY_VOID(Take());
  std::string taken = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return taken;
}

Result<ImapResponse> ImapReader::Read() {
  TRY(std::string line, ReadLine());
  ImapResponse response;
  // Words for people may hold anything: of a status response and of "+" only the first words are parsed.
  const std::string upper = UpperCase(std::string_view(line).substr(0, 40));
  const size_t space = std::min(upper.find(' '), upper.size());
  const std::string_view second = std::string_view(upper).substr(std::min(space + 1, upper.size()));
  const bool is_status = second.starts_with("OK") || second.starts_with("NO ") || second.starts_with("BAD") ||
                         second.starts_with("BYE") || second.starts_with("PREAUTH") || upper.starts_with("+");
  if (is_status) {
    for (size_t at = 0; at < line.size();) {
      const size_t end = std::min(line.find(' ', at), line.size());
      ImapValue word;
      word.text = line.substr(at, end - at);
      TRY_VOID(CountValue());
      response.values.push_back(std::move(word));
      at = end + 1;
      if (response.values.size() > 200) break;
    }
  } else {
    size_t at = 0;
    TRY_VOID(Parse(line, at, response.values, 0));
    if (at != line.size()) return Odd("got ')' without '('");
  }
  if (response.values.empty()) return Odd("got an empty line");
  return response;
}

// Values up to the end of the line, or to the ')' that closes the list, which is left.
Result<void> ImapReader::Parse(std::string& line, size_t& at, std::vector<ImapValue>& values, int depth) {
  if (depth > kMaxDepth) return Odd("got lists more than 32 deep");
  while (at < line.size() && line[at] != ')') {
    if (line[at] == ' ') {
      ++at;
      continue;
    }
    TRY_VOID(CountValue());
    ImapValue& value = values.emplace_back();
    if (line[at] == '(') {
      value.is_list = true;
      ++at;
      std::vector<ImapValue> items;
      TRY_VOID(Parse(line, at, items, depth + 1));
      if (at >= line.size()) return Odd("got '(' without ')'");
      ++at;
      values.back().items = std::move(items);
    } else if (line[at] == '"' || line[at] == '{') {
      TRY_VOID(ParseString(line, at, value));
    } else {
      ParseAtom(line, at, value);
    }
  }
  return {};
}

// "BODY[HEADER.FIELDS (FROM)]<0>" is one.
void ImapReader::ParseAtom(std::string_view line, size_t& at, ImapValue& value) {
  const size_t begin = at;
  int brackets = 0;
  for (; at < line.size(); ++at) {
    if (line[at] == '[') ++brackets;
    if (line[at] == ']' && brackets > 0) --brackets;
    if (brackets == 0 && (line[at] == ' ' || line[at] == '(' || line[at] == ')')) break;
  }
  value.text = std::string(line.substr(begin, at - begin));
  value.is_nil = UpperCase(value.text) == "NIL";
}

Result<void> ImapReader::ParseString(std::string& line, size_t& at, ImapValue& value) {
  if (line[at] == '"') {
    for (++at; at < line.size() && line[at] != '"'; ++at) {
      if (line[at] == '\\' && at + 1 < line.size()) ++at;
      value.text += line[at];
    }
    if (at >= line.size()) return Odd("got '\"' without its end");
    ++at;
    return {};
  }
  // A literal: its bytes follow the line, and then the line goes on.
  uint64_t size = 0;
  const char* const begin = line.data() + at + 1;
  const char* const line_end = line.data() + line.size();
  const auto [end, code] = std::from_chars(begin, line_end, size);
  if (code != std::errc() || end != line_end - 1 || *end != '}') return Odd("got '{' that begins no literal");
  if (size > static_cast<uint64_t>(kMaxMailBytes)) return Error::TooLarge(where_, "got a literal above 16 MiB");
  TRY(value.text, ReadBytes(static_cast<size_t>(size)));
  TRY(line, ReadLine());
  at = 0;
  return {};
}

}  // namespace atelier
