// The part of IMAP that reading and drafting need, over TCP and TLS: commands with literals, and responses as values.
// [RFC 3501, RFC 9051; RFC 8314 for TLS]
//
// A server is not trusted: lines, literals, depth and the number of responses are bounded, and every wait ends at the
// deadline or a stop. One thread at a time; after an error the connection is of no more use.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/tools/mail_store.h"
#include "base/net/client_connection.h"

namespace atelier {

// An atom, number or string (`text`), NIL, or a list.
struct ImapValue {
  bool is_list = false;
  bool is_nil = false;
  std::string text;
  std::vector<ImapValue> items;
};

// An untagged response: "* 12 FETCH (…)", "* SEARCH 1 2".
struct ImapResponse {
  std::vector<ImapValue> values;
  // The value after the item of that name in the list of a FETCH; null: there is none.
  const ImapValue* Item(std::string_view name) const;
};

// A part of a command: sent as it stands, or as a quoted string or literal.
struct ImapPart {
  std::string text;
  bool is_string = false;
};
inline ImapPart ImapText(std::string text) { return {std::move(text), false}; }
inline ImapPart ImapString(std::string text) { return {std::move(text), true}; }

class ImapClient {
 public:
  // Connects, begins TLS and logs in. Errors: kUnavailable, kDenied (the login), kTimeout, kCancelled.
  static Result<std::unique_ptr<ImapClient>> Open(const ImapOptions& options, const MailWait& wait);
  ~ImapClient();

  // Sends a command and gives the untagged responses before its end. Errors: kDenied with the server's words for NO,
  // kInvalid for BAD, kUnavailable for BYE; kCorrupt, a response that is none.
  Result<std::vector<ImapResponse>> Run(const std::vector<ImapPart>& command);

 private:
  ImapClient(std::string where, const MailWait& wait);
  Result<void> Connect(const ImapOptions& options);
  Result<void> LogIn(const ImapOptions& options);
  Result<void> Send(std::string_view bytes);
  Result<void> SendParts(const std::string& tag, const std::vector<ImapPart>& command);
  // Waits for "+": the server wants the literal.
  Result<void> AwaitGo(const std::string& tag);
  Result<std::string> ReadLine();
  Result<std::string> ReadBytes(size_t size);
  // A line with its literals, parsed.
  Result<ImapResponse> ReadResponse();
  Result<void> Parse(std::string& line, size_t& at, std::vector<ImapValue>& values, int depth);
  Result<void> ParseAtom(std::string_view line, size_t& at, ImapValue& value);
  Result<void> ParseString(std::string& line, size_t& at, ImapValue& value);
  Result<void> Ended(const ImapResponse& response) const;
  Error Odd(std::string what) const { return Error::Corrupt(where_, std::move(what)); }

  const std::string where_;
  const MailWait wait_;
  const StopSignal stop_;
  std::unique_ptr<ClientConnection> connection_;
  std::string buffer_;
  int64_t taken_bytes_ = 0;  // by the command under way
  int num_commands_ = 0;
};

}  // namespace atelier
