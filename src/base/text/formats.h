// The formats that JSON Schema defines [draft 2020-12, Validation, section 7.3], checked by hand as their RFCs write
// them.
#pragma once

#include <string_view>

namespace atelier {

// Whether a text (UTF-8) has the format, one that IsSchemaFormat knows. Any other format is had by every text.
bool HasFormat(std::string_view text, std::string_view format);

// RFC 3339, section 5.6 and appendix A. A leap second is one only at 23:59:60 UTC.
bool IsDate(std::string_view text);
bool IsTime(std::string_view text);
bool IsDateTime(std::string_view text);
bool IsDuration(std::string_view text);

// RFC 5321's Mailbox; with RFC 6531's characters.
bool IsEmail(std::string_view text);
bool IsIdnEmail(std::string_view text);

// RFC 1123, with A-labels that are well formed; RFC 5890's names in their own script.
bool IsHostname(std::string_view text);
bool IsIdnHostname(std::string_view text);

bool IsIpv4(std::string_view text);  // RFC 2673, section 3.2: four decimal numbers, no leading zeros
bool IsIpv6(std::string_view text);  // RFC 4291, section 2.2; no zone

bool IsUri(std::string_view text);  // RFC 3986: with a scheme
bool IsUriReference(std::string_view text);
bool IsIri(std::string_view text);  // RFC 3987
bool IsIriReference(std::string_view text);
bool IsUriTemplate(std::string_view text);  // RFC 6570

bool IsUuid(std::string_view text);                 // RFC 4122
bool IsJsonPointer(std::string_view text);          // RFC 6901
bool IsRelativeJsonPointer(std::string_view text);  // draft-handrews-relative-json-pointer
bool IsEcmaRegex(std::string_view text);            // ECMA-262, the u flag

}  // namespace atelier
