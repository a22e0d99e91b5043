#include "agent/tools/imap_client.h"

#include <algorithm>
#include <charconv>

#include "base/text/base64.h"
#include "base/text/unicode.h"

namespace atelier {
namespace {

constexpr size_t kMaxLineBytes = 4 << 20;       // a SEARCH that finds 500,000 mails
constexpr int64_t kMaxCommandBytes = 64 << 20;  // of all responses to one command
constexpr size_t kMaxResponses = 10'000;        // to one command
constexpr int kMaxDepth = 32;                   // of lists
constexpr size_t kMaxQuotedBytes = 1'000;       // longer strings go as literals

// Whether a string may stand between quotes.
bool IsQuotable(std::string_view text) {
  return text.size() <= kMaxQuotedBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127; });
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

// What a status response says to people, without control characters.
std::string WordsOf(const ImapResponse& response) {
  std::string words;
  for (size_t i = 2; i < response.values.size() && words.size() < 300; ++i) {
    words += (words.empty() ? "" : " ") + response.values[i].text;
  }
  for (char& c : words) c = static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  return words.substr(0, 300);
}

bool Is(const ImapValue& value, std::string_view word) { return !value.is_list && UpperCase(value.text) == word; }

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

ImapClient::ImapClient(std::string where, const MailWait& wait)
    : where_(std::move(where)), wait_(wait), stop_(wait.stop) {}

ImapClient::~ImapClient() {
  if (connection_ != nullptr) static_cast<void>(Send("bye LOGOUT\r\n"));  // nobody waits for the answer
}

Result<std::unique_ptr<ImapClient>> ImapClient::Open(const ImapOptions& options, const MailWait& wait) {
  const int port = options.port != 0 ? options.port : options.tls == "implicit" ? 993 : 143;
  std::unique_ptr<ImapClient> client(new ImapClient(options.host + ":" + std::to_string(port), wait));
  TRY(client->connection_, ClientConnection::Open(options.host, port, wait.until, client->stop_));
  TRY_VOID(client->Connect(options));
  TRY_VOID(client->LogIn(options));
  return client;
}

Result<void> ImapClient::Connect(const ImapOptions& options) {
  std::shared_ptr<TlsTrust> trust;
  if (options.tls != "none") {
    TRY(trust, TlsTrust::Load(options.ca_file));
  }
  if (options.tls == "implicit") {
    TRY_VOID(connection_->StartTls(trust, options.host, wait_.until, stop_));
  }
  TRY(const ImapResponse greeting, ReadResponse());
  const bool welcome = greeting.values.size() > 1 && Is(greeting.values[0], "*") &&
                       (Is(greeting.values[1], "OK") || Is(greeting.values[1], "PREAUTH"));
  if (!welcome) return Error::Unavailable(where_, "got '" + WordsOf(greeting) + "' as greeting, want OK");
  if (options.tls != "starttls") return {};
  TRY_VOID(Run({ImapText("STARTTLS")}));
  // What came in clear behind the answer could be somebody else's.   [CVE-2011-0411]
  if (!buffer_.empty()) return Odd("got bytes behind the answer to STARTTLS");
  return connection_->StartTls(trust, options.host, wait_.until, stop_);
}

Result<void> ImapClient::LogIn(const ImapOptions& options) {
  const std::string tag = "a" + std::to_string(++num_commands_);
  taken_bytes_ = 0;
  TRY_VOID(Send(tag + " AUTHENTICATE PLAIN\r\n"));
  TRY_VOID(AwaitGo(tag));
  const std::string nul(1, '\0');
  TRY_VOID(Send(Base64Encode(nul + options.user + nul + options.password) + "\r\n"));
  while (true) {
    TRY(const ImapResponse response, ReadResponse());
    if (Is(response.values[0], UpperCase(tag))) return Ended(response);
  }
}

Result<std::vector<ImapResponse>> ImapClient::Run(const std::vector<ImapPart>& command) {
  const std::string tag = "a" + std::to_string(++num_commands_);
  taken_bytes_ = 0;
  TRY_VOID(SendParts(tag, command));
  std::vector<ImapResponse> responses;
  while (true) {
    TRY(ImapResponse response, ReadResponse());
    if (Is(response.values[0], UpperCase(tag))) {
      TRY_VOID(Ended(response));
      return responses;
    }
    if (response.values.size() > 1 && Is(response.values[1], "BYE")) {
      return Error::Unavailable(where_, "the server says goodbye: " + WordsOf(response));
    }
    if (responses.size() >= kMaxResponses)
      return Error::TooLarge(where_, "got more than 10,000 responses to a command");
    responses.push_back(std::move(response));
  }
}

Result<void> ImapClient::Ended(const ImapResponse& response) const {
  if (response.values.size() < 2) return Odd("got a status without a word");
  if (Is(response.values[1], "OK")) return {};
  const std::string words = WordsOf(response);
  if (Is(response.values[1], "NO")) return Error::Denied(where_, "the server says: " + words);
  return Error::Invalid(where_, "the server says: " + words);
}

Result<void> ImapClient::Send(std::string_view bytes) { return connection_->Write(bytes, wait_.until, stop_); }

Result<void> ImapClient::SendParts(const std::string& tag, const std::vector<ImapPart>& command) {
  std::string line = tag;
  for (const ImapPart& part : command) {
    line += ' ';
    if (!part.is_string) {
      line += part.text;
    } else if (IsQuotable(part.text)) {
      line += Quoted(part.text);
    } else {
      if (part.text.find('\0') != std::string::npos) return Error::Invalid("text", "got NUL, want none");
      TRY_VOID(Send(line + "{" + std::to_string(part.text.size()) + "}\r\n"));
      TRY_VOID(AwaitGo(tag));
      line = part.text;
    }
  }
  return Send(line + "\r\n");
}

Result<void> ImapClient::AwaitGo(const std::string& tag) {
  for (size_t i = 0; i < kMaxResponses; ++i) {
    TRY(const ImapResponse response, ReadResponse());
    if (response.values[0].text == "+") return {};
    if (Is(response.values[0], UpperCase(tag))) {
      TRY_VOID(Ended(response));
      return Odd("got OK before the command was whole");
    }
  }
  return Error::TooLarge(where_, "got more than 10,000 responses to a command");
}

Result<std::string> ImapClient::ReadLine() {
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
    char bytes[16 << 10];
    TRY(const size_t got, connection_->Read(bytes, sizeof bytes, wait_.until, stop_));
    if (got == 0) return Error::Unavailable(where_, "the server closed the connection");
    taken_bytes_ += static_cast<int64_t>(got);
    if (taken_bytes_ > kMaxCommandBytes) return Error::TooLarge(where_, "got more than 64 MiB for a command");
    buffer_.append(bytes, got);
  }
}

Result<std::string> ImapClient::ReadBytes(size_t size) {
  while (buffer_.size() < size) {
    char bytes[16 << 10];
    TRY(const size_t got, connection_->Read(bytes, sizeof bytes, wait_.until, stop_));
    if (got == 0) return Error::Unavailable(where_, "the server closed the connection within a literal");
    taken_bytes_ += static_cast<int64_t>(got);
    if (taken_bytes_ > kMaxCommandBytes) return Error::TooLarge(where_, "got more than 64 MiB for a command");
    buffer_.append(bytes, got);
  }
  std::string taken = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return taken;
}

Result<ImapResponse> ImapClient::ReadResponse() {
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
Result<void> ImapClient::Parse(std::string& line, size_t& at, std::vector<ImapValue>& values, int depth) {
  if (depth > kMaxDepth) return Odd("got lists more than 32 deep");
  while (at < line.size() && line[at] != ')') {
    if (line[at] == ' ') {
      ++at;
      continue;
    }
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
      TRY_VOID(ParseAtom(line, at, value));
    }
  }
  return {};
}

// "BODY[HEADER.FIELDS (FROM)]<0>" is one.
Result<void> ImapClient::ParseAtom(std::string_view line, size_t& at, ImapValue& value) {
  const size_t begin = at;
  int brackets = 0;
  for (; at < line.size(); ++at) {
    if (line[at] == '[') ++brackets;
    if (line[at] == ']' && brackets > 0) --brackets;
    if (brackets == 0 && (line[at] == ' ' || line[at] == '(' || line[at] == ')')) break;
  }
  value.text = std::string(line.substr(begin, at - begin));
  value.is_nil = UpperCase(value.text) == "NIL";
  return {};
}

Result<void> ImapClient::ParseString(std::string& line, size_t& at, ImapValue& value) {
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
