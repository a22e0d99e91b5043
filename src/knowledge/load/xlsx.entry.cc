// Workbooks: a sheet is a page, named by its label and a heading; a row of cells is a row of a table, parted by " | ",
// with an empty row between tables.   [ECMA-376 part 1, 18]
//
// Left out: hidden sheets, charts, comments, formats of numbers other than dates.
#include <array>

#include "knowledge/load/document_builder.h"
#include "knowledge/load/office_package.h"
#include "knowledge/load/text_document.h"
#include "knowledge/load/xlsx_values.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;

constexpr std::array<std::string_view, 2> kExtensions{".xlsx", ".xlsm"};
constexpr std::array<std::string_view, 1> kMediaTypes{
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"};

void WriteRow(const pugi::xml_node& row, const XlsxValues& values, DocumentBuilder& out) {
  out.Begin(Kind::kTableRow);
  int column = 0;
  for (const pugi::xml_node& cell : row) {
    if (LocalName(cell) != "c") continue;
    const int named = ColumnOfReference(Attribute(cell, "r"));
    column = named > 0 ? named : column + 1;
    const std::string text = values.TextOf(cell);
    if (text.empty()) continue;
    out.Separate(" | ");
    out.Begin(Kind::kTableCell, column);
    out.Inline(text);
    out.End();
  }
  out.End();
}

bool IsEmpty(const pugi::xml_node& row, const XlsxValues& values) {
  for (const pugi::xml_node& cell : row) {
    if (LocalName(cell) == "c" && !values.TextOf(cell).empty()) return false;
  }
  return true;
}

void WriteSheet(const pugi::xml_node& sheet, const XlsxValues& values, DocumentBuilder& out) {
  bool in_table = false;
  int64_t last_number = 0;
  for (const pugi::xml_node& row : Child(sheet, "sheetData")) {
    if (LocalName(row) != "row" || out.over_limit()) continue;
    const int64_t number = row.attribute("r").as_llong(last_number + 1);
    const bool empty = IsEmpty(row, values);
    if (in_table && (empty || number > last_number + 1)) {
      out.End();
      in_table = false;
    }
    last_number = number;
    if (empty) continue;
    if (!in_table) out.Begin(Kind::kTable);
    in_table = true;
    WriteRow(row, values, out);
  }
  if (in_table) out.End();
}

Claim Recognises(std::string_view bytes) {
  return bytes.starts_with("PK\3\4") && bytes.find("xl/workbook.xml") != std::string_view::npos ? Claim::kCertain
                                                                                                : Claim::kNo;
}

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  TRY(const OfficePackage package, OfficePackage::Open(source, context));
  const std::string main_part = package.MainPart("xl/workbook.xml");
  TRY(const auto workbook, package.Xml(main_part));
  TRY(const auto strings, package.XmlIfPresent(ResolvePart(main_part, "sharedStrings.xml")));
  TRY(const auto styles, package.XmlIfPresent(ResolvePart(main_part, "styles.xml")));
  const XlsxValues values(strings->document_element(), styles->document_element(), workbook->document_element());
  const auto relations = package.RelationsOf(main_part);
  DocumentBuilder builder(context.text_left());
  int32_t number = 0;
  for (const pugi::xml_node& entry : Child(workbook->document_element(), "sheets")) {
    if (LocalName(entry) != "sheet") continue;
    ++number;
    const std::string_view state = Attribute(entry, "state");
    const auto found = relations.find(entry.attribute("r:id").value());
    if (found == relations.end() || found->second.type != "worksheet" || state == "hidden" || state == "veryHidden") {
      continue;
    }
    auto sheet = package.Xml(found->second.target);
    if (!sheet.ok()) {
      context.Skip(std::move(sheet).error().Under(source.id));
      continue;
    }
    const std::string name(Attribute(entry, "name"));
    builder.Begin(Kind::kPage, number, name);
    builder.Begin(Kind::kHeading, 1);
    builder.Inline(name);
    builder.End();
    WriteSheet((*sheet)->document_element(), values, builder);
    builder.End();
  }
  Document document;
  TRY_VOID(builder.Take(document));
  package.ReadCoreProperties(document);
  return OneDocument(std::move(document));
}

}  // namespace

extern const LoaderEntry load_xlsx;
const LoaderEntry load_xlsx{"xlsx", kExtensions, kMediaTypes, false, Recognises, Load};

}  // namespace atelier
