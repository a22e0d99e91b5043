#include "engine/grammar/formats.h"

#include <array>
#include <string>

namespace atelier {
namespace {

using std::string;

constexpr LanguageId kAnyText = Languages::kAnyText;
constexpr Languages::Anchoring kWhole = Languages::Anchoring::kWhole;

string Group(const string& inside) { return "(?:" + inside + ")"; }
string Optional(const string& inside) { return "(?:" + inside + ")?"; }

string TwoDigits(int value) { return {static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)}; }

// RFC 3339, with the days that each month has.
string Date() {
  const string day28 = "(?:0[1-9]|1[0-9]|2[0-8])", day30 = "(?:0[1-9]|[12][0-9]|30)",
               day31 = "(?:0[1-9]|[12][0-9]|3[01])";
  const string four = "(?:0[48]|[2468][048]|[13579][26])";  // 04 to 96
  const string leap_year = Group("[0-9]{2}" + four + "|" + Group("00|" + four) + "00");
  return Group("[0-9]{4}-" + Group("(?:0[13578]|1[02])-" + day31 + "|(?:0[469]|11)-" + day30 + "|02-" + day28) + "|" +
               leap_year + "-02-29");
}

string Fraction() { return "(?:\\.[0-9]+)?"; }
string Offset() { return "(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"; }

// A second 60 is 23:59:60 in UTC, so that the offset follows from the time. What hours and minutes ask of each other is
// said apart: their product would have 1,440 cases.
Result<LanguageId> LeapSecond(Languages& all) {
  const string middle = ":60" + Fraction(), any = "[0-9]{2}";
  string zero = "23:59" + middle + "[Zz]";
  string plus_hours, plus_minutes, minus_hours, minus_minutes;
  for (int hour = 0; hour < 24; ++hour) {
    // An offset of whole hours leaves the minute 59, and the hour before.
    zero += "|" + TwoDigits((hour + 23) % 24) + ":59" + middle + "\\+" + TwoDigits(hour) + ":00";
    const string time = TwoDigits(hour) + ":" + any + middle;
    plus_hours += (hour > 0 ? "|" : "") + time + "\\+" + TwoDigits(hour) + ":" + any;
    minus_hours += (hour > 0 ? "|" : "") + time + "-" + TwoDigits(23 - hour) + ":" + any;
  }
  for (int minute = 0; minute < 60; ++minute) {
    const string time = any + ":" + TwoDigits(minute) + middle;
    if (minute < 59) plus_minutes += (minute > 0 ? "|" : "") + time + "\\+" + any + ":" + TwoDigits(minute + 1);
    minus_minutes += (minute > 0 ? "|" : "") + time + "-" + any + ":" + TwoDigits(59 - minute);
  }
  std::array<LanguageId, 5> parts;
  const string* const patterns[] = {&zero, &plus_hours, &plus_minutes, &minus_hours, &minus_minutes};
  for (size_t i = 0; i < parts.size(); ++i) {
    TRY(parts[i], all.Pattern(*patterns[i], kWhole));
  }
  const LanguageId plus = all.And(std::array{parts[1], parts[2]}), minus = all.And(std::array{parts[3], parts[4]});
  return all.Or(std::array{parts[0], plus, minus});
}

Result<LanguageId> Time(Languages& all) {
  TRY(const LanguageId plain,
      all.Pattern("(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]" + Fraction() + Offset(), kWhole));
  TRY(const LanguageId leap, LeapSecond(all));
  return all.Or(std::array{plain, leap});
}

Result<LanguageId> DateTime(Languages& all) {
  TRY(const LanguageId date, all.Pattern(Date() + "[Tt]", kWhole));
  TRY(const LanguageId time, Time(all));
  return all.Concat(date, time);
}

// RFC 3339, appendix A: units in order, none left out between two.
string Duration() {
  const string second = "[0-9]+S", minute = "[0-9]+M" + Optional(second), hour = "[0-9]+H" + Optional(minute);
  const string time = "T" + Group(hour + "|" + minute + "|" + second);
  const string day = "[0-9]+D", month = "[0-9]+M" + Optional(day), year = "[0-9]+Y" + Optional(month);
  return "P" + Group(Group(day + "|" + month + "|" + year) + Optional(time) + "|" + time + "|[0-9]+W");
}

string Ipv4() {
  const string octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  return octet + "(?:\\." + octet + "){3}";
}

// RFC 3986, IPv6address: eight groups, of which `::` stands for at least one.
string Ipv6() {
  const string group = "[0-9A-Fa-f]{1,4}", last = Group(group + ":" + group + "|" + Ipv4());
  string all = "(?:" + group + ":){6}" + last;
  for (int before = 0; before <= 5; ++before) {
    const string first =
        before == 0 ? "" : Optional("(?:" + group + ":){0," + std::to_string(before - 1) + "}" + group);
    all += "|" + first + "::(?:" + group + ":){" + std::to_string(5 - before) + "}" + last;
  }
  all += "|" + Optional("(?:" + group + ":){0,5}" + group) + "::" + group;
  all += "|" + Optional("(?:" + group + ":){0,6}" + group) + "::";
  return Group(all);
}

// Labels of letters, digits and hyphens between them; and those of them that do not begin with "xn--". `Rest` is what
// may follow a first character: up to so many and a last one, or nothing.
string Rest(int most) { return "(?:[A-Za-z0-9-]{0," + std::to_string(most) + "}[A-Za-z0-9])?"; }
string AnyLabel() { return "[A-Za-z0-9]" + Rest(61); }
string PlainLabel() {
  const string after_n = "(?:[A-Za-z0-9]" + Rest(59) + "|-[A-Za-z0-9]" + Rest(58) + ")?";
  const string after_x = "(?:[A-MO-Za-mo-z0-9]" + Rest(60) + "|-[A-Za-z0-9-]{0,60}[A-Za-z0-9]|[Nn]" + after_n + ")?";
  return Group("[A-WYZa-wyz0-9]" + Rest(61) + "|[Xx]" + after_x);
}

Result<LanguageId> HostOf(Languages& all, LanguageId label) {
  const LanguageId more = all.Repeat(all.Concat(all.Literal("."), label), 0, std::nullopt);
  return all.And(std::array{all.Concat(label, more), all.Chars(1, 253)});
}

Result<FormatBounds> Host(Languages& all, bool all_spellings) {
  TRY(const LanguageId any, all.Pattern(AnyLabel(), kWhole));
  TRY(LanguageId label, all.Pattern(PlainLabel(), kWhole));
  if (all_spellings) label = all.Or(std::array{label, PunycodeLabels(all)});
  FormatBounds bounds;
  TRY(bounds.within, HostOf(all, label));
  TRY(bounds.around, HostOf(all, any));
  return bounds;
}

// RFC 5321, Mailbox; RFC 6531 adds characters beyond ASCII to the local part.
Result<FormatBounds> Email(Languages& all, FormatBounds host, bool international) {
  const string more = international ? "\\u{80}-\\u{10FFFF}" : "";
  const string atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\-" + more + "]+";
  const string quoted = "\"(?:[ !#-\\[\\]-~" + more + "]|\\\\[ -~" + more + "])*\"";
  TRY(const LanguageId local, all.Pattern(atom + "(?:\\." + atom + ")*|" + quoted, kWhole));
  TRY(const LanguageId literal, all.Pattern("\\[(?:" + Ipv4() + "|IPv6:" + Ipv6() + ")\\]", kWhole));
  const LanguageId name = international ? all.And(std::array{local, all.Repeat(all.Byte(ByteSet().set()), 1, 64)})
                                        : all.And(std::array{local, all.Chars(1, 64)});
  const auto mailbox = [&](LanguageId domain) {
    return all.Concat(name, all.Concat(all.Literal("@"), all.Or(std::array{domain, literal})));
  };
  FormatBounds bounds{mailbox(host.within), mailbox(host.around)};
  if (international) bounds.around = kAnyText;
  return bounds;
}

// RFC 3986; RFC 3987 adds characters beyond ASCII.
class Uri {
 public:
  explicit Uri(bool international)
      : more_(international ? kMoreCharacters : ""), private_(international ? kPrivateCharacters : "") {}

  string Absolute() const {
    const string rooted = "/" + Optional(Char("") + "+(?:/" + Char("") + "*)*");
    const string rootless = Char("") + "+(?:/" + Char("") + "*)*";
    return "[A-Za-z][A-Za-z0-9+.\\-]*:" + Optional(Authority() + "|" + rooted + "|" + rootless) + Tail();
  }
  string Relative() const {
    const string rooted = "/" + Optional(Char("") + "+(?:/" + Char("") + "*)*");
    const string first_segment = Group("[" + Set() + "@]|" + kEscaped) + "+";  // no colon: it would end a scheme
    return Optional(Authority() + "|" + rooted + "|" + first_segment + "(?:/" + Char("") + "*)*") + Tail();
  }

  static constexpr const char* kEscaped = "%[0-9A-Fa-f]{2}";
  static constexpr const char* kMoreCharacters =
      "\\u{A0}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFEF}\\u{10000}-\\u{1FFFD}\\u{20000}-\\u{2FFFD}\\u{30000}-\\u{"
      "3FFFD}"
      "\\u{40000}-\\u{4FFFD}\\u{50000}-\\u{5FFFD}\\u{60000}-\\u{6FFFD}\\u{70000}-\\u{7FFFD}\\u{80000}-\\u{8FFFD}"
      "\\u{90000}-\\u{9FFFD}\\u{A0000}-\\u{AFFFD}\\u{B0000}-\\u{BFFFD}\\u{C0000}-\\u{CFFFD}\\u{D0000}-\\u{DFFFD}"
      "\\u{E1000}-\\u{EFFFD}";
  static constexpr const char* kPrivateCharacters = "\\u{E000}-\\u{F8FF}\\u{F0000}-\\u{FFFFD}\\u{100000}-\\u{10FFFD}";

 private:
  // Unreserved characters and sub-delimiters, for a class.
  string Set() const { return "A-Za-z0-9._~\\-!$&'()*+,;=" + more_; }
  string Char(const string& others) const { return Group("[" + Set() + ":@" + others + "]|" + kEscaped); }
  string Authority() const {
    const string user = Group("[" + Set() + ":]|" + kEscaped) + "*@", name = Group("[" + Set() + "]|" + kEscaped) + "*";
    const string future = "v[0-9A-Fa-f]+\\.[A-Za-z0-9._~\\-!$&'()*+,;=:]+";
    const string host = Group("\\[" + Group(Ipv6() + "|" + future) + "\\]|" + name);
    return "//" + Optional(user) + host + "(?::[0-9]*)?(?:/" + Char("") + "*)*";
  }
  string Tail() const { return Optional("\\?" + Char("/?" + private_) + "*") + Optional("#" + Char("/?") + "*"); }

  string more_, private_;
};

// RFC 6570.
string UriTemplate() {
  const string literal =
      Group(string("[!#$&(-;=?-\\[\\]_a-z~") + Uri::kMoreCharacters + Uri::kPrivateCharacters + "]|" + Uri::kEscaped);
  const string name_char = Group(string("[A-Za-z0-9_]|") + Uri::kEscaped);
  const string variable = name_char + "(?:\\.?" + name_char + ")*(?::[1-9][0-9]{0,3}|\\*)?";
  const string expression = "\\{[+#./;?&=,!@|]?" + variable + "(?:," + variable + ")*\\}";
  return Group(literal + "|" + expression) + "*";
}

string JsonPointer() { return "(?:/(?:[^~/]|~[01])*)*"; }

string Uuid() { return "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"; }

// Of what a regular language has exactly.
Result<LanguageId> Exactly(Languages& all, std::string_view format) {
  const auto whole = [&all](const string& pattern) { return all.Pattern(pattern, kWhole); };
  if (format == "date-time") return DateTime(all);
  if (format == "date") return whole(Date());
  if (format == "time") return Time(all);
  if (format == "duration") return whole(Duration());
  if (format == "ipv4") return whole(Ipv4());
  if (format == "ipv6") return whole(Ipv6());
  if (format == "uri") return whole(Uri(false).Absolute());
  if (format == "uri-reference") return whole(Uri(false).Absolute() + "|" + Uri(false).Relative());
  if (format == "iri") return whole(Uri(true).Absolute());
  if (format == "iri-reference") return whole(Uri(true).Absolute() + "|" + Uri(true).Relative());
  if (format == "uuid") return whole(Uuid());
  if (format == "uri-template") return whole(UriTemplate());
  if (format == "json-pointer") return whole(JsonPointer());
  if (format == "relative-json-pointer") return whole("(?:0|[1-9][0-9]*)(?:#|" + JsonPointer() + ")");
  return Error::NotFound("", "got the format '" + string(format) + "', which draft 2020-12 does not define");
}

}  // namespace

Result<FormatBounds> FormatLanguages(Languages& all, std::string_view format, bool all_spellings) {
  if (format == "regex") return EcmaPatterns(all);
  if (format == "idn-hostname") return IdnHostnames(all, all_spellings);
  if (format == "hostname") return Host(all, all_spellings);
  if (format == "email" || format == "idn-email") {
    const bool international = format == "idn-email";
    TRY(const FormatBounds host, international ? IdnHostnames(all, all_spellings) : Host(all, all_spellings));
    return Email(all, host, international);
  }
  TRY(const LanguageId exact, Exactly(all, format));
  return FormatBounds{exact, exact};
}

}  // namespace atelier
