// A mail as a model reads it, and a draft as a mail.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

// {"from", "to", "subject", "date"} of a mail's head; those it has.
Json MailHeaders(std::string_view message);
// The best text of a mail: plain text, or else HTML as readable text. Blocks for as long as parsing takes.
std::string MailBody(std::string_view message);
// What lies beside the text: [{"name", "type", "bytes"}].
Json MailAttachments(std::string_view message);
// "2024-05-06" of the Date header, in UTC; empty where it has none that can be read.   [RFC 5322, section 3.3]
std::string MailDay(std::string_view date);

struct MailDraft {
  std::vector<std::string> to, cc;
  std::string from, subject, body;
  std::string in_reply_to;  // Message-ID of what it answers; empty: none
  std::string message_id;   // "<…>"
};
// A message in UTF-8 with CRLF ends of lines, bodies in base64. Errors: kInvalid, a line break in a header.
// [RFC 5322, RFC 2047]
Result<std::string> WriteDraft(const MailDraft& draft);

// Whether `needle` occurs in `text`, in whatever case. `needle` is in lower case.
bool OccursIn(std::string_view text, const std::string& needle);

}  // namespace atelier
