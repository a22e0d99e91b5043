// Word files: paragraphs, headings, lists, tables with captions, text boxes, notes.   [ECMA-376 part 1, 17]
//
// Left out: headers and footers, comments, deleted text (of tracked changes), fields' codes.
#include <array>

#include "base/text/unicode.h"
#include "knowledge/load/document_builder.h"
#include "knowledge/load/docx_styles.h"
#include "knowledge/load/office_package.h"
#include "knowledge/load/text_document.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;

constexpr std::array<std::string_view, 2> kExtensions{".docx", ".docm"};
constexpr std::array<std::string_view, 1> kMediaTypes{
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document"};

class BodyWriter {
 public:
  BodyWriter(DocxStyles styles, DocumentBuilder& out) : styles_(std::move(styles)), out_(out) {}

  // w:body, w:tc, w:txbxContent, w:footnote: blocks.
  void Blocks(const pugi::xml_node& parent) {
    for (pugi::xml_node node = parent.first_child(); node; node = node.next_sibling()) {
      const std::string_view name = LocalName(node);
      if (name == "p") {
        const pugi::xml_node table = TableAfterCaption(node);
        if (table) {
          Table(table, node);
          node = LastOf(table);
        } else {
          Paragraph(node);
        }
      } else if (name == "tbl") {
        Table(node, {});
        node = LastOf(node);
      } else if (name == "sdt") {
        Blocks(Child(node, "sdtContent"));
      } else if (name == "customXml" || name == "ins") {
        Blocks(node);
      }
    }
  }
  const std::string& title() const { return title_; }

 private:
  static pugi::xml_node NextElement(pugi::xml_node node) {
    do {
      node = node.next_sibling();
    } while (node && (node.type() != pugi::node_element || LocalName(node).starts_with("bookmark")));
    return node;
  }
  bool IsCaption(const pugi::xml_node& node) const {
    return node && LocalName(node) == "p" && styles_.Of(node).caption;
  }
  pugi::xml_node TableAfterCaption(const pugi::xml_node& node) const {
    const pugi::xml_node next = NextElement(node);
    return next && LocalName(next) == "tbl" && IsCaption(node) ? next : pugi::xml_node();
  }
  // A caption below belongs to the table, unless it stands above another one, or the table has one above.
  pugi::xml_node CaptionBelow(const pugi::xml_node& table) const {
    pugi::xml_node before = table.previous_sibling();
    while (before && before.type() != pugi::node_element) before = before.previous_sibling();
    const pugi::xml_node next = NextElement(table);
    return !IsCaption(before) && IsCaption(next) && !TableAfterCaption(next) ? next : pugi::xml_node();
  }
  pugi::xml_node LastOf(const pugi::xml_node& table) const {
    const pugi::xml_node caption = CaptionBelow(table);
    return caption ? caption : table;
  }

  void Paragraph(const pugi::xml_node& node) {
    const DocxParagraphStyle style = styles_.Of(node);
    const bool list = !style.num_id.empty() && style.heading_level == 0;
    const int level = style.title ? 1 : style.heading_level;
    const Kind kind = level > 0       ? Kind::kHeading
                      : style.caption ? Kind::kCaption
                      : list          ? Kind::kListItem
                      : style.code    ? Kind::kCode
                      : style.quote   ? Kind::kQuote
                                      : Kind::kParagraph;
    const int64_t before = out_.size();
    out_.Begin(kind, level);
    if (list && HasText(node)) out_.Raw(styles_.NextMarker(style));
    Runs(node, kind == Kind::kCode);
    out_.End();
    if (title_.empty() && style.title && out_.size() > before) {
      title_ = Trim(out_.text().substr(static_cast<size_t>(before)));
    }
    for (const pugi::xml_node& box : std::exchange(boxes_, {})) Blocks(box);
  }

  static bool HasText(const pugi::xml_node& paragraph) {
    return static_cast<bool>(paragraph.find_node([](const pugi::xml_node& node) { return LocalName(node) == "t"; }));
  }

  // Everything that shows within a paragraph.
  void Runs(const pugi::xml_node& parent, bool code) {
    for (const pugi::xml_node& node : parent) {
      const std::string_view name = LocalName(node);
      if (name == "t") {
        code ? out_.Raw(node.text().get()) : out_.Inline(node.text().get());
      } else if (name == "tab" || name == "ptab") {
        code ? out_.Raw("\t") : out_.Inline(" ");
      } else if (name == "br" || name == "cr") {
        out_.Break(1);
      } else if (name == "noBreakHyphen") {
        out_.Raw("-");
      } else if (name == "txbxContent") {
        boxes_.push_back(node);
      } else if (name == "AlternateContent") {  // the same, said twice
        Runs(Child(node, "Choice"), code);
      } else if (name != "pPr" && name != "rPr" && name != "del" && name != "moveFrom" && name != "instrText") {
        Runs(node, code);
      }
    }
  }

  void Table(const pugi::xml_node& table, const pugi::xml_node& caption_above) {
    out_.Begin(Kind::kTable);
    if (caption_above) Paragraph(caption_above);
    out_.Break(1);
    Rows(table);
    if (const pugi::xml_node below = CaptionBelow(table)) {
      out_.Break(1);
      Paragraph(below);
    }
    out_.End();
  }
  void Rows(const pugi::xml_node& parent) {
    for (const pugi::xml_node& row : parent) {
      if (LocalName(row) == "sdt") Rows(Child(row, "sdtContent"));
      if (LocalName(row) != "tr") continue;
      out_.Begin(Kind::kTableRow);
      int32_t column = 1;
      Cells(row, column);
      out_.End();
    }
  }
  void Cells(const pugi::xml_node& parent, int32_t& column) {
    for (const pugi::xml_node& cell : parent) {
      if (LocalName(cell) == "sdt") Cells(Child(cell, "sdtContent"), column);
      if (LocalName(cell) != "tc") continue;
      if (column > 1) out_.Separate(" | ");
      out_.Begin(Kind::kTableCell, column);
      Blocks(cell);
      out_.End();
      const int span = Descend(cell, {"tcPr", "gridSpan"}).attribute("w:val").as_int(1);
      column += std::clamp(span, 1, 1000);
    }
  }

  DocxStyles styles_;
  DocumentBuilder& out_;
  std::string title_;
  std::vector<pugi::xml_node> boxes_;
};

Claim Recognises(std::string_view bytes) {
  return bytes.starts_with("PK\3\4") && bytes.find("word/document.xml") != std::string_view::npos ? Claim::kCertain
                                                                                                  : Claim::kNo;
}

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  TRY(const OfficePackage package, OfficePackage::Open(source, context));
  const std::string main_part = package.MainPart("word/document.xml");
  TRY(const auto body, package.Xml(main_part));
  TRY(const auto styles, package.XmlIfPresent(ResolvePart(main_part, "styles.xml")));
  TRY(const auto numbering, package.XmlIfPresent(ResolvePart(main_part, "numbering.xml")));
  DocumentBuilder builder(context.text_left());
  BodyWriter writer(DocxStyles(styles->document_element(), numbering->document_element()), builder);
  writer.Blocks(Child(body->document_element(), "body"));
  for (const char* part : {"footnotes.xml", "endnotes.xml"}) {
    TRY(const auto notes, package.XmlIfPresent(ResolvePart(main_part, part)));
    for (const pugi::xml_node& note : notes->document_element()) {
      const std::string_view type = Attribute(note, "type");
      if (type != "separator" && type != "continuationSeparator") writer.Blocks(note);
    }
  }
  Document document;
  TRY_VOID(builder.Take(document));
  package.ReadCoreProperties(document);
  if (!writer.title().empty()) document.title = writer.title();
  return OneDocument(std::move(document));
}

}  // namespace

extern const LoaderEntry load_docx;
const LoaderEntry load_docx{"docx", kExtensions, kMediaTypes, false, Recognises, Load};

}  // namespace atelier
