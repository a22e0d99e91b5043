#include "knowledge/load/text_document.h"

#include "knowledge/load/text_encoding.h"

namespace atelier {

std::string_view CharsetOf(std::string_view media_type) {
  const size_t at = media_type.find("charset=");
  if (at == std::string_view::npos) return {};
  std::string_view charset = media_type.substr(at + 8);
  charset = charset.substr(0, charset.find_first_of("; "));
  if (charset.size() > 1 && charset.front() == '"') charset = charset.substr(1, charset.size() - 2);
  return charset;
}

Result<Document> TextDocument(const Source& source, const LoadContext& context) {
  TRY(DecodedText decoded, DecodeText(source.bytes, CharsetOf(source.media_type)));
  if (static_cast<int64_t>(decoded.text.size()) > context.text_left()) {
    return Error::TooLarge({}, "got " + std::to_string(decoded.text.size()) + " bytes of text, want at most " +
                                   std::to_string(context.text_left()));
  }
  Document document;
  document.attributes = Json::Object();
  if (decoded.encoding != "UTF-8") document.attributes.Set("encoding", decoded.encoding);
  document.text = std::move(decoded.text);
  return document;
}

std::vector<Document> OneDocument(Document document) {
  std::vector<Document> documents;
  documents.push_back(std::move(document));
  return documents;
}

}  // namespace atelier
