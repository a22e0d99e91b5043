#include "agent/tools/mail_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/text/base64.h"
#include "base/text/unicode.h"
#include "base/text/utf8.h"
#include "knowledge/load/document_builder.h"
#include "knowledge/load/html_reader.h"
#include "knowledge/load/mime.h"
#include "knowledge/load/text_encoding.h"

namespace atelier {
namespace {

constexpr std::chrono::milliseconds kParseTime{5'000};
constexpr size_t kMaxEncodedWord = 45;  // bytes of text: 75 with what stands around their base64

const MimePart* FindText(const MimePart& part, std::string_view type) {
  if (part.parts.empty()) return part.type == type && !part.attachment ? &part : nullptr;
  for (const MimePart& inner : part.parts) {
    if (const MimePart* found = FindText(inner, type)) return found;
  }
  return nullptr;
}

std::string Decoded(const MimePart& part) {
  const std::string body = part.Body();
  Result<DecodedText> text = DecodeText(body, part.charset);
  return text ? std::move(text->text) : ReplaceInvalidUtf8(body);
}

void AddAttachments(const MimePart& part, Json& list) {
  if (part.parts.empty()) {
    if (!part.attachment && part.file_name.empty()) return;
    const auto size = static_cast<int64_t>(part.Body().size());
    list.Push(Json::Object({{"name", part.file_name}, {"type", part.type}, {"bytes", size}}));
  }
  for (const MimePart& inner : part.parts) AddAttachments(inner, list);
}

bool IsPlainAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127; });
}

// As encoded words where it is not plain ASCII.
std::string Encoded(std::string_view text) {
  if (IsPlainAscii(text)) return std::string(text);
  std::string words;
  while (!text.empty()) {
    size_t size = std::min(text.size(), kMaxEncodedWord);
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
    words += (words.empty() ? "" : "\r\n ") + ("=?UTF-8?B?" + Base64Encode(text.substr(0, size)) + "?=");
    text.remove_prefix(size);
  }
  return words;
}

Result<void> AddHeader(std::string& message, const char* name, std::string_view value, bool encode) {
  if (value.empty()) return {};
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    return Error::Invalid(name, "got a line break or NUL, want neither");
  }
  message += std::string(name) + ": " + (encode ? Encoded(value) : std::string(value)) + "\r\n";
  return {};
}

// "A <a@b>, c@d": names may be in any script, addresses not.
Result<std::string> Addresses(const std::vector<std::string>& people, const char* where) {
  std::string list;
  for (const std::string& person : people) {
    const size_t open = person.rfind('<');
    const std::string_view address =
        open == std::string::npos ? std::string_view(person) : std::string_view(person).substr(open);
    if (address.find('@') == std::string_view::npos || !IsPlainAscii(address) ||
        address.find(',') != std::string_view::npos) {
      return Error::Invalid(where,
                            "got '" + person.substr(0, 100) + "', want an address such as Ada <ada@example.org>");
    }
    std::string name = open == std::string::npos ? "" : std::string(Trim(std::string_view(person).substr(0, open)));
    if (name.find_first_of("\r\n\",;<>") != std::string::npos && !name.starts_with('"')) {
      return Error::Invalid(where, "got '" + person.substr(0, 100) + "', want a name without , ; < > and quotes");
    }
    list += (list.empty() ? "" : ", ") + (name.empty() ? "" : Encoded(name) + " ") + std::string(address);
  }
  return list;
}

}  // namespace

Json MailHeaders(std::string_view message) {
  const MimePart mail = ParseMime(message);
  Json headers = Json::Object();
  for (const char* name : {"from", "to", "cc", "subject", "date", "message-id"}) {
    if (std::string value = mail.Header(name); !value.empty()) headers.Set(name, ReplaceInvalidUtf8(value));
  }
  return headers;
}

std::string MailBody(std::string_view message) {
  const MimePart mail = ParseMime(message);
  if (const MimePart* plain = FindText(mail, "text/plain")) return Decoded(*plain);
  const MimePart* html = FindText(mail, "text/html");
  if (html == nullptr) return {};
  const std::string text = Decoded(*html);
  DocumentBuilder builder(static_cast<int64_t>(text.size()) * 4 + 1024);
  Document document;
  if (!ReadHtml(text, kParseTime, builder) || !builder.Take(document)) return text;
  return std::move(document.text);
}

Json MailAttachments(std::string_view message) {
  Json list = Json::Array();
  AddAttachments(ParseMime(message), list);
  return list;
}

std::string MailDay(std::string_view date) {
  constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};
  if (const size_t comma = date.find(','); comma != std::string_view::npos) date.remove_prefix(comma + 1);
  std::vector<std::string> words;
  for (size_t at = 0; at < date.size() && words.size() < 5;) {
    const size_t begin = std::min(date.find_first_not_of(" \t", at), date.size());
    at = std::min(date.find_first_of(" \t", begin), date.size());
    if (at > begin) words.push_back(LowerCase(date.substr(begin, at - begin)));
  }
  if (words.size() < 3) return {};
  const auto month = std::find(kMonths.begin(), kMonths.end(), std::string_view(words[1]).substr(0, 3));
  int day = 0, year = 0, hour = 0, minute = 0, zone = 0;
  const auto number = [](std::string_view text, int& value) {
    return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
  };
  if (month == kMonths.end() || !number(words[0], day) || !number(words[2], year)) return {};
  if (year < 100) year += year < 50 ? 2000 : 1900;
  if (words.size() > 3) {
    number(words[3], hour);
    if (const size_t colon = words[3].find(':'); colon != std::string::npos) number(words[3].substr(colon + 1), minute);
  }
  if (words.size() > 4 && words[4].size() == 5 && (words[4][0] == '+' || words[4][0] == '-')) {
    number(std::string_view(words[4]).substr(1), zone);
    zone = (zone / 100 * 60 + zone % 100) * (words[4][0] == '-' ? -1 : 1);
  }
  const std::chrono::year_month_day ymd{std::chrono::year(year),
                                        std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
                                        std::chrono::day(static_cast<unsigned>(day))};
  if (!ymd.ok()) return {};
  const auto time = std::chrono::sys_days(ymd) + std::chrono::minutes(hour * 60 + minute - zone);
  const std::chrono::year_month_day utc(std::chrono::floor<std::chrono::days>(time));
  char text[24];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(utc.year()), static_cast<unsigned>(utc.month()),
                static_cast<unsigned>(utc.day()));
  return text;
}

Result<std::string> WriteDraft(const MailDraft& draft) {
  std::string message;
  TRY(const std::string to, Addresses(draft.to, "to"));
  TRY(const std::string cc, Addresses(draft.cc, "cc"));
  TRY_VOID(AddHeader(message, "From", draft.from, false));
  message += to.empty() ? "" : "To: " + to + "\r\n";
  message += cc.empty() ? "" : "Cc: " + cc + "\r\n";
  TRY_VOID(AddHeader(message, "Subject", draft.subject, true));
  TRY_VOID(AddHeader(message, "Message-ID", draft.message_id, false));
  TRY_VOID(AddHeader(message, "In-Reply-To", draft.in_reply_to, false));
  TRY_VOID(AddHeader(message, "References", draft.in_reply_to, false));
  message +=
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  const std::string encoded = Base64Encode(draft.body);
  for (size_t at = 0; at < encoded.size(); at += 76) message += encoded.substr(at, 76) + "\r\n";
  return message;
}

bool OccursIn(std::string_view text, const std::string& needle) {
  return needle.empty() || LowerCase(text).find(needle) != std::string::npos;
}

}  // namespace atelier
