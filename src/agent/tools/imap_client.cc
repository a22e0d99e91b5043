#include "agent/tools/imap_client.h"

#include <algorithm>

#include "base/text/base64.h"
#include "base/text/unicode.h"

namespace atelier {
namespace {

constexpr size_t kMaxResponses = 10'000;   // to one command
constexpr size_t kMaxQuotedBytes = 1'000;  // longer strings go as literals

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

ImapClient::ImapClient(std::string where, const MailWait& wait)
    : where_(where), wait_(wait), stop_(wait.stop), reader_(std::move(where), [this](char* bytes, size_t size) {
        return connection_->Read(bytes, size, wait_.until, stop_);
      }) {}

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
  TRY(const ImapResponse greeting, reader_.Read());
  const bool welcome = greeting.values.size() > 1 && Is(greeting.values[0], "*") &&
                       (Is(greeting.values[1], "OK") || Is(greeting.values[1], "PREAUTH"));
  if (!welcome) return Error::Unavailable(where_, "got '" + WordsOf(greeting) + "' as greeting, want OK");
  if (options.tls != "starttls") return {};
  TRY_VOID(Run({ImapText("STARTTLS")}));
  // What came in clear behind the answer could be somebody else's.   [CVE-2011-0411]
  if (reader_.has_more()) return Odd("got bytes behind the answer to STARTTLS");
  return connection_->StartTls(trust, options.host, wait_.until, stop_);
}

Result<void> ImapClient::LogIn(const ImapOptions& options) {
  const std::string tag = "a" + std::to_string(++num_commands_);
  reader_.BeginCommand();
  TRY_VOID(Send(tag + " AUTHENTICATE PLAIN\r\n"));
  TRY_VOID(AwaitGo(tag));
  const std::string nul(1, '\0');
  TRY_VOID(Send(Base64Encode(nul + options.user + nul + options.password) + "\r\n"));
  while (true) {
    TRY(const ImapResponse response, reader_.Read());
    if (Is(response.values[0], UpperCase(tag))) return Ended(response);
  }
}

Result<std::vector<ImapResponse>> ImapClient::Run(const std::vector<ImapPart>& command) {
  const std::string tag = "a" + std::to_string(++num_commands_);
  reader_.BeginCommand();
  TRY_VOID(SendParts(tag, command));
  std::vector<ImapResponse> responses;
  while (true) {
    TRY(ImapResponse response, reader_.Read());
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
    TRY(const ImapResponse response, reader_.Read());
    if (response.values[0].text == "+") return {};
    if (Is(response.values[0], UpperCase(tag))) {
      TRY_VOID(Ended(response));
      return Odd("got OK before the command was whole");
    }
  }
  return Error::TooLarge(where_, "got more than 10,000 responses to a command");
}

}  // namespace atelier
