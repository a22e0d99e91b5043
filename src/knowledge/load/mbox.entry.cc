// Mailboxes: mails one after the other, each after a line "From ADDRESS DATE".   [RFC 4155]
//
// One document, a message a mail; attachments are documents "a.mbox!/3!/report.pdf", by the number of the mail.
#include <array>
#include <iterator>

#include "knowledge/load/mail_writer.h"
#include "knowledge/load/mbox_reader.h"
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

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  const std::string_view bytes = source.bytes;
  DocumentBuilder builder(context.text_left());
  std::vector<Document> attachments;
  int32_t number = 0;
  MboxReader mails(bytes);
  while (!builder.over_limit()) {
    TRY_VOID(context.CheckStop());
    const std::optional<std::string> text = mails.Next();
    if (!text) break;
    builder.Begin(TextMark::Kind::kMessage, ++number);
    const std::string id = source.id + "!/" + std::to_string(number);
    TRY_VOID(WriteMail(ParseMime(*text), id, context, builder, attachments));
    builder.End();
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
