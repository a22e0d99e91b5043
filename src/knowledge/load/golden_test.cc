// Documents of known content (tools/golden_documents.py), read: word F1, pages, headings, cells, captions.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "base/process/process.h"
#include "knowledge/load/load_testing.h"

namespace atelier {
namespace {

using testing::GoldenFile;
using testing::LoadOne;
using Kind = TextMark::Kind;

const Json& Known() {
  static const Json known = [] {
    auto parsed = Json::Parse(GoldenFile("words.json"));
    CHECK(parsed.ok());
    return *std::move(parsed);
  }();
  return known;
}

// Words without the punctuation that loaders put between cells and before items.
std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = std::min(text.find_first_not_of(" \n\t", at), text.size());
    const size_t end = std::min(text.find_first_of(" \n\t", begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    if (!word.empty() && word != "|" && word != "-") words.emplace_back(word);
    at = end;
  }
  return words;
}

double WordF1(std::string_view got, std::string_view want) {
  std::map<std::string, int> counts;
  const auto got_words = Words(got), want_words = Words(want);
  for (const std::string& word : want_words) ++counts[word];
  double shared = 0;
  for (const std::string& word : got_words) shared += counts[word]-- > 0;
  return 2 * shared / static_cast<double>(got_words.size() + want_words.size());
}

// Whether the paragraphs stand in the text in this order: the reading order.
void ExpectInOrder(const Document& document, const Json& want) {
  const auto got = Words(document.text);
  size_t at = 0;
  std::string_view text = want.AsString();
  for (size_t from = 0; from < text.size();) {
    const size_t end = std::min(text.find('\n', from), text.size());
    const auto line = Words(text.substr(from, end - from));
    const auto found = std::search(got.begin() + static_cast<int64_t>(at), got.end(), line.begin(), line.end());
    ASSERT_NE(found, got.end()) << document.id << ": not found in order: " << text.substr(from, end - from);
    at = static_cast<size_t>(found - got.begin()) + line.size();
    from = end + 1;
  }
}

Json PagesOf(const Document& document) {
  Json pages = Json::Array();
  for (const TextMark& mark : document.marks) {
    if (mark.kind != Kind::kPage) continue;
    const std::string_view text = TextOf(document.text, mark.span);
    pages.Push(Json::Array({mark.number, text.substr(0, text.find('\n'))}));
  }
  return pages;
}

Json HeadingsOf(const Document& document) {
  Json headings = Json::Array();
  for (const TextMark& mark : document.marks) {
    if (mark.kind == Kind::kHeading) headings.Push(Json::Array({mark.number, TextOf(document.text, mark.span)}));
  }
  return headings;
}

// The texts of cells, row by row.
Json RowsOf(const Document& document) {
  Json rows = Json::Array();
  for (const TextMark& mark : document.marks) {
    if (mark.kind == Kind::kTableRow) rows.Push(Json::Array());
    if (mark.kind == Kind::kTableCell) rows[rows.size() - 1].Push(TextOf(document.text, mark.span));
  }
  return rows;
}

class Golden : public ::testing::TestWithParam<std::string> {
 protected:
  static void Check();
};

void Golden::Check() {
  const Json& want = Known()[GetParam()];
  const Document document = LoadOne(GetParam(), GoldenFile(GetParam()));
  EXPECT_GE(WordF1(document.text, want["text"].AsString()), 0.99) << document.text;
  ExpectInOrder(document, want["text"]);
  EXPECT_EQ(HeadingsOf(document).Dump(), want["headings"].Dump());
  EXPECT_EQ(RowsOf(document).Dump(), want["rows"].Dump());
  EXPECT_EQ(Json(testing::Marked(document, Kind::kCaption)).Dump(), want["captions"].Dump());
  if (want["pages"].empty()) return;
  EXPECT_EQ(PagesOf(document).Dump(), want["pages"].Dump());
}

TEST_P(Golden, SaysWhatWasWritten) { Check(); }

INSTANTIATE_TEST_SUITE_P(Office, Golden, ::testing::Values("report.docx", "slides.pptx", "book.xlsx", "book.epub"),
                         [](const auto& name) { return name.param.substr(name.param.find('.') + 1); });

bool HavePoppler() { return FindProgram("pdftotext") && FindProgram("pdfinfo") && FindProgram("pdftoppm"); }

class GoldenPdf : public Golden {};

TEST_P(GoldenPdf, SaysWhatWasWritten) {
  if (!HavePoppler()) GTEST_SKIP() << "poppler-utils is not installed";
  Check();
}

INSTANTIATE_TEST_SUITE_P(Pdf, GoldenPdf, ::testing::Values("report.pdf", "columns.pdf"),
                         [](const auto& name) { return name.param.substr(0, name.param.find('.')); });

double CharacterErrorRate(std::string_view got, std::string_view want) {
  std::vector<size_t> previous(want.size() + 1), row(want.size() + 1);
  for (size_t j = 0; j <= want.size(); ++j) previous[j] = j;
  for (size_t i = 0; i < got.size(); ++i) {
    row[0] = i + 1;
    for (size_t j = 0; j < want.size(); ++j) {
      row[j + 1] = std::min({previous[j] + (got[i] != want[j]), previous[j + 1] + 1, row[j] + 1});
    }
    previous.swap(row);
  }
  return static_cast<double>(previous[want.size()]) / static_cast<double>(want.size());
}

class GoldenScan : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenScan, IsReadToTwoPercentOfItsCharacters) {
  if (!FindProgram("tesseract") || !HavePoppler()) GTEST_SKIP() << "tesseract-ocr and poppler-utils are not installed";
  const Json& want = Known()[GetParam()];
  const Document document = LoadOne(GetParam(), GoldenFile(GetParam()));
  std::string got;
  for (const std::string& word : Words(document.text)) got.append(got.empty() ? "" : " ").append(word);
  const double rate = CharacterErrorRate(got, want["text"].AsString());
  RecordProperty("character_error_rate", std::to_string(rate));
  EXPECT_LE(rate, 0.02) << want["degrees"].Dump() << " degrees: " << got;
}

INSTANTIATE_TEST_SUITE_P(Ocr, GoldenScan,
                         ::testing::Values("scan_0.png", "scan_1.png", "scan_2.png", "scan_4.png", "scan_3.pdf"),
                         [](const auto& name) {
                           std::string plain = name.param;
                           std::ranges::replace(plain, '.', '_');
                           return plain;
                         });

TEST(GoldenFacts, TitlesAuthorsAndDates) {
  const Document report = LoadOne("report.docx", GoldenFile("report.docx"));
  EXPECT_EQ(report.title, "Harbour report");
  EXPECT_EQ(report.attributes["author"].AsString(), "A. Writer");
  const Document book = LoadOne("book.epub", GoldenFile("book.epub"));
  EXPECT_EQ(book.title, "The harbour book");
  EXPECT_EQ(book.attributes["language"].AsString(), "en");
}

}  // namespace
}  // namespace atelier
