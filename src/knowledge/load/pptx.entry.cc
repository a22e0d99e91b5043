// PowerPoint files: a slide is a page; its title a heading, its text paragraphs, its tables rows of cells; the
// speaker's notes stand at its end.   [ECMA-376 part 1, 19]
//
// Left out: masters and layouts, comments, charts, pictures, hidden placeholders (date, footer, number).
#include <array>
#include <functional>

#include "base/text/unicode.h"
#include "knowledge/load/document_builder.h"
#include "knowledge/load/office_package.h"
#include "knowledge/load/text_document.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;

constexpr std::array<std::string_view, 2> kExtensions{".pptx", ".pptm"};
constexpr std::array<std::string_view, 1> kMediaTypes{
    "application/vnd.openxmlformats-officedocument.presentationml.presentation"};

class SlideWriter {
 public:
  explicit SlideWriter(DocumentBuilder& out) : out_(out) {}

  void Slide(const pugi::xml_node& slide) {
    const pugi::xml_node shapes = Descend(slide, {"cSld", "spTree"});
    // Titles first, wherever they stand in the file.
    Shapes(shapes, true);
    Shapes(shapes, false);
  }
  void Notes(const pugi::xml_node& notes) {
    for (const pugi::xml_node& shape : Descend(notes, {"cSld", "spTree"})) {
      if (PlaceholderOf(shape) == "body") Paragraphs(Child(shape, "txBody"), Kind::kParagraph);
    }
  }

 private:
  static std::string_view PlaceholderOf(const pugi::xml_node& shape) {
    const pugi::xml_node placeholder = Descend(shape, {"nvSpPr", "nvPr", "ph"});
    if (!placeholder) return {};
    const std::string_view type = Attribute(placeholder, "type");
    return type.empty() ? "obj" : type;
  }

  void Shapes(const pugi::xml_node& parent, bool titles) {
    for (const pugi::xml_node& shape : parent) {
      const std::string_view name = LocalName(shape);
      if (name == "grpSp") Shapes(shape, titles);
      if (name == "AlternateContent") Shapes(Child(shape, "Choice"), titles);
      if (name == "graphicFrame" && !titles) Table(Descend(shape, {"graphic", "graphicData", "tbl"}));
      if (name != "sp") continue;
      const std::string_view placeholder = PlaceholderOf(shape);
      if (placeholder == "dt" || placeholder == "ftr" || placeholder == "sldNum") continue;
      const bool is_title = placeholder == "title" || placeholder == "ctrTitle";
      if (is_title == titles) Paragraphs(Child(shape, "txBody"), is_title ? Kind::kHeading : Kind::kParagraph);
    }
  }

  void Paragraphs(const pugi::xml_node& body, Kind kind) {
    const bool heading = kind == Kind::kHeading;
    if (heading) out_.Begin(kind, 1);
    for (const pugi::xml_node& paragraph : body) {
      if (LocalName(paragraph) != "p") continue;
      if (!heading) out_.Begin(kind);
      Runs(paragraph);
      if (heading) {
        out_.Inline(" ");
      } else {
        out_.End();
      }
    }
    if (heading) out_.End();
  }

  void Runs(const pugi::xml_node& parent) {
    for (const pugi::xml_node& node : parent) {
      const std::string_view name = LocalName(node);
      if (name == "t") out_.Inline(node.text().get());
      if (name == "tab") out_.Inline(" ");
      if (name == "br") out_.Break(1);
      if (name == "r" || name == "fld" || name == "AlternateContent" || name == "Choice") Runs(node);
    }
  }

  void Table(const pugi::xml_node& table) {
    if (!table) return;
    out_.Begin(Kind::kTable);
    for (const pugi::xml_node& row : table) {
      if (LocalName(row) != "tr") continue;
      out_.Begin(Kind::kTableRow);
      int32_t column = 0;
      for (const pugi::xml_node& cell : row) {
        if (LocalName(cell) != "tc") continue;
        if (++column > 1) out_.Separate(" | ");
        out_.Begin(Kind::kTableCell, column);
        Paragraphs(Child(cell, "txBody"), Kind::kParagraph);
        out_.End();
      }
      out_.End();
    }
    out_.End();
  }

  DocumentBuilder& out_;
};

Claim Recognises(std::string_view bytes) {
  return bytes.starts_with("PK\3\4") && bytes.find("ppt/presentation.xml") != std::string_view::npos ? Claim::kCertain
                                                                                                     : Claim::kNo;
}

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  TRY(const OfficePackage package, OfficePackage::Open(source, context));
  const std::string main_part = package.MainPart("ppt/presentation.xml");
  TRY(const auto presentation, package.Xml(main_part));
  const auto relations = package.RelationsOf(main_part);
  DocumentBuilder builder(context.text_left());
  SlideWriter writer(builder);
  int32_t number = 0;
  for (const pugi::xml_node& entry : Child(presentation->document_element(), "sldIdLst")) {
    if (LocalName(entry) != "sldId") continue;
    ++number;
    const auto found = relations.find(entry.attribute("r:id").value());
    if (found == relations.end()) continue;
    const std::string& part = found->second.target;
    auto slide = package.Xml(part);
    if (!slide.ok()) {
      context.Skip(std::move(slide).error().Under(source.id));
      continue;
    }
    builder.Begin(Kind::kPage, number);
    writer.Slide((*slide)->document_element());
    for (const auto& [id, relation] : package.RelationsOf(part)) {
      if (relation.type != "notesSlide") continue;
      const auto notes = package.Xml(relation.target);
      if (notes.ok()) writer.Notes((*notes)->document_element());
    }
    builder.End();
  }
  Document document;
  TRY_VOID(builder.Take(document));
  package.ReadCoreProperties(document);
  return OneDocument(std::move(document));
}

}  // namespace

extern const LoaderEntry load_pptx;
const LoaderEntry load_pptx{"pptx", kExtensions, kMediaTypes, false, Recognises, Load};

}  // namespace atelier
