// The formats of JSON Schema draft 2020-12 as languages.
#pragma once

#include <string_view>

#include "engine/grammar/language.h"

namespace atelier {

// The strings of a format, exactly as the specification that it names has them:
//   date-time date time duration     RFC 3339, leap years and leap seconds (23:59:60 in UTC) included
//   email                            RFC 5321, Mailbox; at most 64 characters before the @
//   hostname                         RFC 1123: labels of 1 to 63, 253 in all; ipv4, ipv6: RFC 2673, 4291
//   uri uri-reference iri iri-reference uri-template    RFC 3986, 3987, 6570
//   uuid json-pointer relative-json-pointer             RFC 4122, 6901, a draft
// NotFound: no such format, which JSON Schema says to ignore. Unsupported: a format that no regular language here keeps
// exactly (regex nests; idn-hostname and idn-email need the lengths of Punycode).
Result<LanguageId> FormatLanguage(Languages& all, std::string_view format);

}  // namespace atelier
