// PDF files: pages, columns in reading order, headings by the size of their letters, tables with captions; a page
// without text is drawn and read by OCR.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include "base/text/unicode.h"
#include "knowledge/load/document_builder.h"
#include "knowledge/load/document_program.h"
#include "knowledge/load/ocr.h"
#include "knowledge/load/pdf_layout.h"
#include "knowledge/load/text_document.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;

constexpr std::array<std::string_view, 1> kExtensions{".pdf"};
constexpr std::array<std::string_view, 1> kMediaTypes{"application/pdf"};
constexpr int64_t kPagesAtOnce = 25;   // of one run of pdftotext: bounds what it writes
constexpr double kHeadingSize = 1.12;  // of letters, over those of the body
constexpr size_t kMaxHeadingBytes = 250;
constexpr int kMaxHeadingLines = 4;

Claim Recognises(std::string_view bytes) {
  return bytes.substr(0, 1024).find("%PDF-") != std::string_view::npos ? Claim::kCertain : Claim::kNo;
}

Result<int64_t> CountPages(const std::string& path, const LoadContext& context) {
  TRY(const std::string info, RunDocumentProgram({.args = {"pdfinfo", path}}, context));
  const size_t at = info.find("\nPages:");
  int64_t pages = 0;
  if (at != std::string::npos) {
    const std::string_view number = Trim(std::string_view(info).substr(at + 7, 24));
    std::from_chars(number.data(), number.data() + number.size(), pages);
  }
  if (pages < 1) return Error::Invalid({}, "got a PDF without pages");
  if (pages > context.limits().pages) {
    return Error::TooLarge(
        {}, "got " + std::to_string(pages) + " pages, want at most " + std::to_string(context.limits().pages));
  }
  return pages;
}

// Control characters are no XML, and some PDFs have them in their text.
void DropControls(std::string& xhtml) {
  std::erase_if(xhtml,
                [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r'; });
}

Result<PdfText> ReadText(const std::string& path, int64_t num_pages, LoadContext& context) {
  PdfText all;
  for (int64_t first = 1; first <= num_pages; first += kPagesAtOnce) {
    const int64_t last = std::min(first + kPagesAtOnce - 1, num_pages);
    TRY(std::string xhtml, RunDocumentProgram({.args = {"pdftotext", "-bbox-layout", "-enc", "UTF-8", "-f",
                                                        std::to_string(first), "-l", std::to_string(last), path, "-"}},
                                              context));
    DropControls(xhtml);
    TRY(PdfText some, ReadPdfLayout(xhtml));
    if (first == 1)
      all = std::move(some);
    else
      std::ranges::move(some.pages, std::back_inserter(all.pages));
  }
  return all;
}

// Sizes of letters of headings, largest first; what differs by less than 4% is one size.
class HeadingSizes {
 public:
  explicit HeadingSizes(const std::vector<PdfPage>& pages) {
    std::map<int64_t, size_t> bytes_of;  // by height in tenths of a point
    for (const PdfPage& page : pages) {
      for (const PdfBlock& block : page.blocks) bytes_of[std::llround(block.line_height * 10)] += block.text.size();
    }
    size_t most = 0;
    for (const auto& [tenths, bytes] : bytes_of) {
      if (bytes > most) {
        most = bytes;
        body_ = static_cast<double>(tenths) / 10;
      }
    }
    for (auto size = bytes_of.rbegin(); size != bytes_of.rend(); ++size) {
      const double height = static_cast<double>(size->first) / 10;
      if (height < kHeadingSize * body_ || size->second == 0) break;
      if (heights_.empty() || height < 0.96 * heights_.back()) heights_.push_back(height);
    }
  }

  // 0: no heading.
  int32_t LevelOf(const PdfBlock& block) const {
    const bool fits = block.kind == PdfBlock::Kind::kParagraph && block.line_height >= kHeadingSize * body_ &&
                      block.num_lines <= kMaxHeadingLines && block.text.size() <= kMaxHeadingBytes;
    if (!fits ||
        std::ranges::none_of(block.text, [](char c) { return std::isalpha(static_cast<unsigned char>(c)) || c < 0; }))
      return 0;
    for (size_t i = 0; i < heights_.size(); ++i) {
      if (block.line_height >= 0.96 * heights_[i]) return static_cast<int32_t>(std::min<size_t>(i + 1, 6));
    }
    return 0;
  }

 private:
  double body_ = 0;
  std::vector<double> heights_;
};

class PageWriter {
 public:
  PageWriter(const HeadingSizes& sizes, DocumentBuilder& out) : sizes_(sizes), out_(out) {}

  void Write(const std::vector<PdfBlock>& blocks) {
    for (size_t i = 0; i < blocks.size(); ++i) {
      const bool table_next = i + 1 < blocks.size() && blocks[i + 1].kind == PdfBlock::Kind::kTable;
      if (table_next && IsTableCaption(blocks[i].text)) {
        Table(blocks[i + 1], &blocks[i], nullptr);
        ++i;
      } else if (blocks[i].kind == PdfBlock::Kind::kTable) {
        // A caption below belongs to this table, unless another table follows it.
        const bool caption_next = i + 1 < blocks.size() && blocks[i + 1].kind != PdfBlock::Kind::kTable &&
                                  IsTableCaption(blocks[i + 1].text) &&
                                  (i + 2 >= blocks.size() || blocks[i + 2].kind != PdfBlock::Kind::kTable);
        Table(blocks[i], nullptr, caption_next ? &blocks[i + 1] : nullptr);
        i += caption_next;
      } else {
        Text(blocks[i]);
      }
    }
  }

 private:
  void Text(const PdfBlock& block) {
    const int32_t level = sizes_.LevelOf(block);
    const Kind kind = level > 0                                                   ? Kind::kHeading
                      : IsFigureCaption(block.text) || IsTableCaption(block.text) ? Kind::kCaption
                      : block.kind == PdfBlock::Kind::kListItem                   ? Kind::kListItem
                                                                                  : Kind::kParagraph;
    out_.Begin(kind, level);
    out_.Inline(block.text);
    out_.End();
  }
  void Caption(const PdfBlock& block) {
    out_.Begin(Kind::kCaption);
    out_.Inline(block.text);
    out_.End();
  }
  void Table(const PdfBlock& table, const PdfBlock* above, const PdfBlock* below) {
    out_.Begin(Kind::kTable);
    if (above != nullptr) Caption(*above);
    for (const auto& row : table.rows) {
      out_.Begin(Kind::kTableRow);
      for (size_t column = 0; column < row.size(); ++column) {
        if (row[column].empty()) continue;
        out_.Separate(" | ");
        out_.Begin(Kind::kTableCell, static_cast<int32_t>(column) + 1);
        out_.Inline(row[column]);
        out_.End();
      }
      out_.End();
    }
    if (below != nullptr) {
      out_.Break(1);
      Caption(*below);
    }
    out_.End();
  }

  const HeadingSizes& sizes_;
  DocumentBuilder& out_;
};

// Draws pages that have no text, and reads them; what fails is told once.
class Scans {
 public:
  Scans(const std::string& id, const std::string& path, LoadContext& context)
      : id_(id), path_(path), context_(context) {}

  bool Write(const PdfPage& page, int32_t number, DocumentBuilder& out) {
    if (!context_.options().ocr || failed_) return false;
    if (!context_.TakeOcrPage()) {
      Fail(Error::TooLarge({}, "more than " + std::to_string(context_.limits().ocr_pages) +
                                   " pages to read from pictures: the others are left out"));
      return false;
    }
    const auto paragraphs = Read(page, number);
    if (!paragraphs.ok()) {
      Fail(Error(paragraphs.error()).Under("page " + std::to_string(number)));
      return false;
    }
    for (const std::string& paragraph : *paragraphs) {
      out.Begin(Kind::kParagraph);
      out.Inline(paragraph);
      out.End();
    }
    return !paragraphs->empty();
  }

 private:
  Result<std::vector<std::string>> Read(const PdfPage& page, int64_t number) {
    TRY(const GrayPicture picture, DrawPdfPage(path_, number, page.width, page.height, context_));
    return RecognisePage(picture, context_);
  }
  void Fail(Error error) {
    failed_ = error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kTooLarge;
    context_.Skip(std::move(error).Under(id_));
  }

  const std::string& id_;
  const std::string& path_;
  LoadContext& context_;
  bool failed_ = false;
};

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  if (Recognises(source.bytes) == Claim::kNo) return Error::Invalid({}, "got content that is no PDF");
  TRY(const TemporaryFolder folder, TemporaryFolder::Create());
  TRY(const std::string path, folder.Write("document.pdf", source.bytes));
  TRY(const int64_t num_pages, CountPages(path, context));
  TRY(PdfText text, ReadText(path, num_pages, context));
  const HeadingSizes sizes(text.pages);
  DocumentBuilder builder(context.text_left());
  PageWriter writer(sizes, builder);
  Scans scans(source.id, path, context);
  Document document;
  document.attributes = Json::Object();
  int32_t number = 0;
  for (const PdfPage& page : text.pages) {
    TRY_VOID(context.CheckStop());
    builder.Begin(Kind::kPage, ++number);
    if (!page.blocks.empty()) {
      writer.Write(page.blocks);
    } else if (scans.Write(page, number, builder)) {
      document.attributes.Set("ocr", true);
    }
    builder.End();
  }
  TRY_VOID(builder.Take(document));
  document.title = text.title;
  if (!text.author.empty()) document.attributes.Set("author", text.author);
  if (!text.date.empty()) document.attributes.Set("date", text.date);
  return OneDocument(std::move(document));
}

}  // namespace

extern const LoaderEntry load_pdf;
const LoaderEntry load_pdf{"pdf", kExtensions, kMediaTypes, false, Recognises, Load};

}  // namespace atelier
