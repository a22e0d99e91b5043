// The part of IMAP that reading and drafting need, over TCP and TLS: commands with literals, and responses as values.
// [RFC 3501, RFC 9051; RFC 8314 for TLS]
//
// A server is not trusted: what it says is bounded (imap_reader.h), and every wait ends at the deadline or a stop. One
// thread at a time; after an error the connection is of no more use.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/tools/imap_reader.h"
#include "agent/tools/mail_store.h"
#include "base/net/client_connection.h"

namespace atelier {

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
  Result<void> Ended(const ImapResponse& response) const;
  Error Odd(std::string what) const { return Error::Corrupt(where_, std::move(what)); }

  const std::string where_;
  const MailWait wait_;
  const StopSignal stop_;
  std::unique_ptr<ClientConnection> connection_;
  ImapReader reader_;
  int num_commands_ = 0;
};

}  // namespace atelier
