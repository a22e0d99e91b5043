// Where mail lies: files of a mailbox, or an IMAP server. Blocking; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace atelier {

struct MailQuery {
  std::string folder;                   // empty: the store's own
  std::string text, from, to, subject;  // each must occur, in whatever case; empty: any
  std::string since, before;            // "2024-05-06": the day it was sent or came; before excludes it. Empty: any
  int64_t limit = 10;                   // the newest
};

struct MailFound {
  std::string id;    // for Read
  std::string head;  // header lines, as they stand: From, To, Subject, Date at least
};

struct MailWait {
  Clock::TimePoint until = Clock::TimePoint::max();  // on Clock::Real()
  std::stop_token stop = {};
  // Why waiting is over, if it is.
  Result<void> Check() const;
};

class MailStore {
 public:
  virtual ~MailStore() = default;
  // Newest first.
  virtual Result<std::vector<MailFound>> Search(const MailQuery& query, const MailWait& wait) = 0;
  // The whole message, cut at kMaxMailBytes. Errors: kNotFound.
  virtual Result<std::string> Read(const std::string& id, const MailWait& wait) = 0;
  virtual bool can_draft() const = 0;
  // Puts a message among the drafts, once a `message_id`. Returns where it is.
  virtual Result<std::string> Draft(const std::string& message, const std::string& message_id,
                                    const MailWait& wait) = 0;
};

inline constexpr int64_t kMaxMailBytes = 16 << 20;      // of one message
inline constexpr int64_t kMaxMailboxBytes = 512 << 20;  // of an mbox

// An mbox file (read alone) or a Maildir, told by what is at `path`. Errors: kNotFound, kInvalid.
Result<std::unique_ptr<MailStore>> OpenMailFiles(const std::string& path);

struct ImapOptions {
  std::string host;
  int port = 0;                  // 0: 993, or 143 where TLS begins later or not at all
  std::string tls = "implicit";  // "implicit", "starttls", "none"
  std::string user, password;
  std::string ca_file;  // empty: the system's authorities
  std::string folder = "INBOX";
  std::string drafts;  // empty: the folder that the server says is for drafts, or "Drafts"
};
std::unique_ptr<MailStore> MakeImapStore(ImapOptions options);

}  // namespace atelier
