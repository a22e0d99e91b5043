// EPUB books: the pages of the spine in order, each read as HTML.   [EPUB 3.3; OPF 2]
//
// Left out: the table of contents (it repeats the headings), pages that the spine does not name.
#include <array>
#include <map>

#include "base/io/files.h"
#include "base/text/unicode.h"
#include "base/text/uri.h"
#include "knowledge/load/html_reader.h"
#include "knowledge/load/office_package.h"
#include "knowledge/load/text_document.h"
#include "knowledge/load/text_encoding.h"

namespace atelier {
namespace {

constexpr std::array<std::string_view, 1> kExtensions{".epub"};
constexpr std::array<std::string_view, 1> kMediaTypes{"application/epub+zip"};

Claim Recognises(std::string_view bytes) {
  return bytes.starts_with("PK\3\4") && bytes.substr(0, 128).find("application/epub+zip") != std::string_view::npos
             ? Claim::kCertain
             : Claim::kNo;
}

struct Page {
  std::string part;
  bool contents = false;
};

std::vector<Page> SpineOf(const pugi::xml_node& package, const std::string& opf) {
  std::map<std::string, Page> manifest;
  for (const pugi::xml_node& item : Child(package, "manifest")) {
    const std::string href(Attribute(item, "href"));
    const std::string properties = " " + std::string(Attribute(item, "properties")) + " ";
    manifest[std::string(Attribute(item, "id"))] = {ResolvePart(opf, DecodeUriFragment(href).value_or(href)),
                                                    properties.find(" nav ") != std::string::npos};
  }
  std::vector<Page> pages;
  for (const pugi::xml_node& item : Child(package, "spine")) {
    const auto found = manifest.find(std::string(Attribute(item, "idref")));
    if (found != manifest.end() && !found->second.contents) pages.push_back(found->second);
  }
  return pages;
}

void ReadMetadata(const pugi::xml_node& metadata, Document& document) {
  document.attributes = Json::Object();
  for (const pugi::xml_node& node : metadata) {
    const std::string text(Trim(node.text().get()));
    const std::string_view name = LocalName(node);
    if (text.empty()) continue;
    if (name == "title" && document.title.empty()) document.title = text;
    if (name == "creator") document.attributes.Add("author", text);
    if (name == "language" || name == "publisher" || name == "date") document.attributes.Add(std::string(name), text);
  }
}

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  TRY(const OfficePackage book, OfficePackage::Open(source, context, {".xml", ".opf", ".html", ".xhtml", ".htm"}));
  TRY(const auto container, book.Xml("META-INF/container.xml"));
  const std::string opf(Attribute(Descend(container->document_element(), {"rootfiles", "rootfile"}), "full-path"));
  TRY(const auto package, book.Xml(opf));
  Document document;
  ReadMetadata(Child(package->document_element(), "metadata"), document);
  DocumentBuilder builder(context.text_left());
  for (const Page& page : SpineOf(package->document_element(), opf)) {
    const std::string* bytes = book.Find(page.part);
    if (bytes == nullptr) {
      context.Skip(Error::Invalid(source.id + "!/" + page.part, "the book has no such page"));
      continue;
    }
    TRY_VOID(context.CheckStop());
    const auto decoded = DecodeText(*bytes);
    if (!decoded.ok()) {
      context.Skip(Error(decoded.error()).Under(source.id + "!/" + page.part));
      continue;
    }
    const auto facts = ReadHtml(decoded->text, context.limits().parse_time, builder);
    if (!facts.ok()) context.Skip(Error(facts.error()).Under(source.id + "!/" + page.part));
    builder.Break(2);
  }
  TRY_VOID(builder.Take(document));
  return OneDocument(std::move(document));
}

}  // namespace

extern const LoaderEntry load_epub;
const LoaderEntry load_epub{"epub", kExtensions, kMediaTypes, false, Recognises, Load};

}  // namespace atelier
