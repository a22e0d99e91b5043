// Tables as text: comma-, semicolon-, tab- or pipe-separated values.   [RFC 4180]
//
// Each row says the names of its columns, "name: Ada | born: 1815", so that it can be read, found and cited alone.
// Without a row of names (one that has numbers or empty cells in it is none), and where names would make the text too
// long, rows are values alone, "Ada | 1815".
#include <algorithm>
#include <array>
#include <charconv>

#include "base/text/unicode.h"
#include "knowledge/load/document_builder.h"
#include "knowledge/load/text_document.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;
using Row = std::vector<std::string>;

constexpr std::array<std::string_view, 3> kExtensions{".csv", ".tsv", ".tab"};
constexpr std::array<std::string_view, 2> kMediaTypes{"text/csv", "text/tab-separated-values"};
constexpr size_t kMaxColumns = 16'384;

// Reads the row at `at`, which moves behind it. A quote that is never closed ends with the text.
Row ReadRow(std::string_view text, size_t& at, char separator) {
  Row row(1);
  bool quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c != '"') {
        row.back() += c;
      } else if (at + 1 < text.size() && text[at + 1] == '"') {
        row.back() += '"';
        ++at;
      } else {
        quoted = false;
      }
    } else if (c == '"' && row.back().empty()) {
      quoted = true;
    } else if (c == separator && row.size() < kMaxColumns) {
      row.emplace_back();
    } else if (c == '\n') {
      ++at;
      break;
    } else {
      row.back() += c;
    }
  }
  return row;
}

// The separator under which the first rows have the same number of columns, and the most.
char SeparatorOf(std::string_view text, std::string_view id) {
  if (ExtensionOf(id) != ".csv" && ExtensionOf(id) != "") return '\t';
  char best = ',';
  size_t best_columns = 1;
  for (const char separator : {',', ';', '\t', '|'}) {
    size_t at = 0;
    const std::string_view head = text.substr(0, 64 << 10);
    const size_t columns = ReadRow(head, at, separator).size();
    bool same = true;
    for (int i = 0; i < 10 && at < head.size() && same; ++i) {
      const Row row = ReadRow(head, at, separator);
      same = row.size() == columns || (row.size() == 1 && row[0].empty()) || at >= head.size();
    }
    if (same && columns > best_columns) {
      best = separator;
      best_columns = columns;
    }
  }
  return best;
}

bool IsNumber(std::string_view text) {
  double value = 0;
  text = Trim(text);
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size();
}

bool AreNames(const Row& row) {
  return std::ranges::none_of(row, [](const std::string& cell) { return Trim(cell).empty() || IsNumber(cell); });
}

class TableWriter {
 public:
  TableWriter(Row names, DocumentBuilder& out) : names_(std::move(names)), out_(out) {}

  void Write(const Row& row) {
    out_.Begin(Kind::kTableRow);
    for (size_t column = 0; column < row.size(); ++column) {
      if (Trim(row[column]).empty()) continue;
      out_.Separate(" | ");
      if (column < names_.size()) {
        out_.Inline(names_[column]);
        out_.Inline(": ");
      }
      out_.Begin(Kind::kTableCell, static_cast<int32_t>(column) + 1);
      out_.Inline(row[column]);
      out_.End();
    }
    out_.End();
  }

 private:
  const Row names_;
  DocumentBuilder& out_;
};

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  TRY(Document document, TextDocument(source, context));
  const std::string text = std::move(document.text);
  const char separator = SeparatorOf(text, source.id);
  size_t at = 0;
  Row first = ReadRow(text, at, separator);
  size_t name_bytes = 0;
  for (const std::string& name : first) name_bytes += name.size() + 5;
  const auto num_lines = static_cast<size_t>(std::ranges::count(text, '\n'));
  const bool named = AreNames(first) && at < text.size() &&
                     static_cast<int64_t>(text.size() + num_lines * name_bytes) < context.text_left() / 2;
  DocumentBuilder builder(context.text_left());
  builder.Begin(Kind::kTable);
  TableWriter writer(named ? first : Row(), builder);
  if (!named) writer.Write(first);
  while (at < text.size() && !builder.over_limit()) writer.Write(ReadRow(text, at, separator));
  builder.End();
  TRY_VOID(builder.Take(document));
  return OneDocument(std::move(document));
}

}  // namespace

extern const LoaderEntry load_csv;
const LoaderEntry load_csv{"csv", kExtensions, kMediaTypes, true, nullptr, Load};

}  // namespace atelier
