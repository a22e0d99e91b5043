// A message of the Internet and its parts.   [RFC 5322, RFC 2045 to 2047, RFC 2231]
//
// Reads what mail programs write rather than what the standards allow: unknown encodings are taken as 8-bit, base64
// with foreign characters in it is read around them, a part whose boundary never closes ends with what holds it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace atelier {

struct MimePart {
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case; values as they stand, unfolded
  std::string type = "text/plain";                           // in lower case
  std::string charset;
  std::string file_name;  // decoded; empty: not told
  bool attachment = false;
  std::string_view encoded;     // the body as it stands, of the text that was parsed
  std::string encoding;         // "base64", "quoted-printable", ...
  std::vector<MimePart> parts;  // of a multipart

  // The first header of that name, decoded to UTF-8; empty where there is none.
  std::string Header(std::string_view name) const;
  std::string Body() const;  // decoded bytes
};

// The parts view `message`. At most 1,000 parts, 20 deep: what is beyond is left in the part that holds it.
MimePart ParseMime(std::string_view message);

// "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=" as "Grüße".
std::string DecodeEncodedWords(std::string_view text);
std::string DecodeQuotedPrintable(std::string_view text, bool underscore_is_space = false);
std::string DecodeLooseBase64(std::string_view text);

}  // namespace atelier
