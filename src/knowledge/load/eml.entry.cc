// Mails: EML files.   [RFC 5322, RFC 2045]
#include <array>
#include <iterator>

#include "base/text/unicode.h"
#include "knowledge/load/mail_writer.h"
#include "knowledge/load/text_document.h"

namespace atelier {
namespace {

constexpr std::array<std::string_view, 1> kExtensions{".eml"};
constexpr std::array<std::string_view, 1> kMediaTypes{"message/rfc822"};

// Begins with a header, and has three that mails have.
Claim Recognises(std::string_view bytes) {
  const std::string head = "\n" + LowerCase(bytes.substr(0, bytes.substr(0, 16'384).find("\n\n")).substr(0, 16'384));
  int found = 0;
  for (const std::string_view name : {"\nfrom:", "\nto:", "\nsubject:", "\ndate:", "\nmessage-id:", "\nmime-version:",
                                      "\nreceived:", "\nreturn-path:"}) {
    found += head.find(name) != std::string::npos;
  }
  const size_t colon = head.find_first_of(": \n", 1);
  return found >= 3 && colon != std::string::npos && head[colon] == ':' ? Claim::kPossible : Claim::kNo;
}

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  const MimePart mail = ParseMime(source.bytes);
  if (mail.headers.empty()) return Error::Invalid({}, "got no mail: there are no headers");
  Document document;
  document.id = source.id;
  document.title = mail.Header("subject");
  document.attributes = Json::Object();
  for (const char* name : {"from", "to", "cc", "date", "message-id"}) {
    if (const std::string value = mail.Header(name); !value.empty()) document.attributes.Set(name, value);
  }
  DocumentBuilder builder(context.text_left());
  std::vector<Document> attachments;
  TRY_VOID(WriteMail(mail, source.id, context, builder, attachments));
  TRY_VOID(builder.Take(document));
  std::vector<Document> documents = OneDocument(std::move(document));
  std::move(attachments.begin(), attachments.end(), std::back_inserter(documents));
  return documents;
}

}  // namespace

extern const LoaderEntry load_eml;
const LoaderEntry load_eml{"eml", kExtensions, kMediaTypes, true, Recognises, Load};

}  // namespace atelier
