// HTML and XHTML pages.
#include <array>

#include "base/text/unicode.h"
#include "knowledge/load/html_reader.h"
#include "knowledge/load/text_document.h"
#include "knowledge/load/text_encoding.h"

namespace atelier {
namespace {

constexpr std::array<std::string_view, 4> kExtensions{".html", ".htm", ".xhtml", ".shtml"};
constexpr std::array<std::string_view, 2> kMediaTypes{"text/html", "application/xhtml+xml"};

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  const std::string_view told = CharsetOf(source.media_type);
  TRY(const DecodedText decoded, DecodeText(source.bytes, told.empty() ? DeclaredHtmlEncoding(source.bytes) : told));
  DocumentBuilder builder(context.text_left());
  TRY(HtmlFacts facts, ReadHtml(decoded.text, context.limits().parse_time, builder));
  Document document;
  TRY_VOID(builder.Take(document));
  document.title = std::move(facts.title);
  document.attributes = std::move(facts.attributes);
  return OneDocument(std::move(document));
}

Claim Recognises(std::string_view bytes) {
  const std::string head = LowerCase(TrimLeft(bytes.substr(0, 1024)).substr(0, 15));
  return head.starts_with("<!doctype html") || head.starts_with("<html") ? Claim::kCertain : Claim::kNo;
}

}  // namespace

extern const LoaderEntry load_html;
const LoaderEntry load_html{"html", kExtensions, kMediaTypes, true, Recognises, Load};

}  // namespace atelier
