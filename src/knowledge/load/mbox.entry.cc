// Mailboxes: mails one after the other, each after a line "From ADDRESS DATE".   [RFC 4155]
//
// One document, a message a mail; attachments are documents "a.mbox!/3!/report.pdf", by the number of the mail.
#include <array>
#include <iterator>

#include "knowledge/load/mail_writer.h"
#include "knowledge/load/text_document.h"

namespace atelier {
namespace {

constexpr std::array<std::string_view, 2> kExtensions{".mbox", ".mbx"};
constexpr std::array<std::string_view, 1> kMediaTypes{"application/mbox"};

Claim Recognises(std::string_view bytes) {
  if (!bytes.starts_with("From ")) return Claim::kNo;
  const size_t line_end = bytes.find('\n');
  if (line_end == std::string_view::npos) return Claim::kNo;
  const std::string_view second = bytes.substr(line_end + 1, 100);
  const size_t colon = second.find_first_of(": \n");
  return colon != std::string_view::npos && second[colon] == ':' ? Claim::kPossible : Claim::kNo;
}

// Where the next mail's line "From " begins, at `at` or later; the end where there is none.
size_t NextMail(std::string_view bytes, size_t at) {
  if (at == 0 && bytes.starts_with("From ")) return 0;
  for (; at < bytes.size(); ++at) {
    at = bytes.find("\nFrom ", at);
    if (at == std::string_view::npos) return bytes.size();
    const bool after_empty_line =
        at == 0 || bytes[at - 1] == '\n' || (bytes[at - 1] == '\r' && at > 1 && bytes[at - 2] == '\n');
    if (after_empty_line) return at + 1;
  }
  return bytes.size();
}

// ">From " within a mail stood for "From ".
std::string Unescaped(std::string_view mail) {
  std::string text;
  text.reserve(mail.size());
  for (size_t at = 0; at < mail.size();) {
    const size_t end = std::min(mail.find('\n', at), mail.size() - 1) + 1;
    std::string_view line = mail.substr(at, end - at);
    const size_t marks = line.find_first_not_of('>');
    if (marks != std::string_view::npos && marks > 0 && line.substr(marks).starts_with("From ")) line.remove_prefix(1);
    text += line;
    at = end;
  }
  return text;
}

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  const std::string_view bytes = source.bytes;
  DocumentBuilder builder(context.text_left());
  std::vector<Document> attachments;
  int32_t number = 0;
  for (size_t at = NextMail(bytes, 0); at < bytes.size() && !builder.over_limit();) {
    TRY_VOID(context.CheckStop());
    const size_t next = NextMail(bytes, at + 5);
    const size_t head = std::min(bytes.find('\n', at), next);
    const std::string text = Unescaped(bytes.substr(head, next - head).substr(head < next ? 1 : 0));
    builder.Begin(TextMark::Kind::kMessage, ++number);
    const std::string id = source.id + "!/" + std::to_string(number);
    TRY_VOID(WriteMail(ParseMime(text), id, context, builder, attachments));
    builder.End();
    at = next;
  }
  if (number == 0 && !bytes.empty())
    return Error::Invalid({}, "got no mailbox: there is no line that begins with \"From \"");
  Document document;
  document.id = source.id;
  TRY_VOID(builder.Take(document));
  document.attributes = Json::Object({{"messages", number}});
  std::vector<Document> documents = OneDocument(std::move(document));
  std::move(attachments.begin(), attachments.end(), std::back_inserter(documents));
  return documents;
}

}  // namespace

extern const LoaderEntry load_mbox;
const LoaderEntry load_mbox{"mbox", kExtensions, kMediaTypes, true, Recognises, Load};

}  // namespace atelier
