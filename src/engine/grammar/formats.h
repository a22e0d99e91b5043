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
//   idn-hostname idn-email           RFC 5890 to 5893, 6531
//   regex                            ECMA-262
// NotFound: no such format, which JSON Schema says to ignore.
//
// What no regular language has is kept from both sides: every string of `within` has the format, and every string that
// has it is in `around`. The two are one where the format is kept exactly. What is within, and what is left out:
//   hostname, email, idn-*   labels that begin with "xn--" only where `all_spellings` asks for them: Punycode is read
//   for
//                            each, so they are for reading texts, not for masks
//   idn-hostname, idn-email  labels in their own script that fit into 63 bytes of Punycode whatever the characters are:
//   7
//                            characters, 11 of the basic plane, 17 of one script's block, or 2 among some 20 of ASCII;
//                            of combining marks those of class 0 that compose with nothing, and viramas; no marks and
//                            no hyphens in labels from right to left; at most 3 labels where one is in its own script
//   regex                    groups up to 8 deep; no back references and no names of groups; ranges whose ends can be
//                            compared by their first digits (\x00-\x1f, \u0400-\u04ff) or are ASCII; counts up to 9999
struct FormatBounds {
  LanguageId within = Languages::kNothing, around = Languages::kNothing;
};
Result<FormatBounds> FormatLanguages(Languages& all, std::string_view format, bool all_spellings);

// formats_idn.cc
Result<FormatBounds> IdnHostnames(Languages& all, bool all_spellings);
// Labels that begin with "xn--" and stand for something.
LanguageId PunycodeLabels(Languages& all);
// formats_regex.cc
Result<FormatBounds> EcmaPatterns(Languages& all);

}  // namespace atelier
