#include "knowledge/load/ocr.h"

#include <algorithm>
#include <cmath>

#include "base/io/files.h"
#include "base/text/unicode.h"
#include "base/text/utf8.h"
#include "knowledge/load/document_program.h"
#include "knowledge/load/pdf_layout.h"

namespace atelier {
namespace {

constexpr double kDpi = 300;
constexpr double kMaxSide = 7'000;  // pixels: A2 at 300 dpi
constexpr double kLeastSkew = 0.2;  // degrees; less is no trouble
constexpr int64_t kMaxPictureBytes = 64 << 20;

std::vector<std::string> ParagraphsOf(std::string_view text) {
  std::vector<std::string> paragraphs;
  bool within = false;
  const std::string valid = ReplaceInvalidUtf8(text);
  for (size_t at = 0; at < valid.size();) {
    const size_t end = std::min(valid.find_first_of("\n\f", at), valid.size());
    const std::string_view line = Trim(std::string_view(valid).substr(at, end - at));
    if (line.empty()) {
      within = false;
    } else {
      if (!within) paragraphs.emplace_back();
      JoinLine(paragraphs.back(), line);
      within = true;
    }
    at = end + 1;
  }
  return paragraphs;
}

// As tesseract names them: nothing that could be an option or a path.
Result<void> CheckLanguage(const std::string& language) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '+'; };
  if (!language.empty() && language.size() < 100 && std::ranges::all_of(language, fits)) return {};
  return Error::Invalid("ocr_language", "got '" + language + "', want names as \"eng\" or \"eng+deu\"");
}

}  // namespace

Result<std::vector<std::string>> RecognisePage(const GrayPicture& picture, const LoadContext& context) {
  TRY_VOID(CheckLanguage(context.options().ocr_language));
  if (IsBlank(picture)) return std::vector<std::string>();
  const double skew = SkewOf(picture);
  DocumentProgram program{
      .args = {"tesseract", "stdin", "stdout", "-l", context.options().ocr_language, "--dpi", "300", "--psm", "3"}};
  program.input = WritePgm(std::abs(skew) < kLeastSkew ? picture : Straightened(picture, skew));
  TRY(const std::string text, RunDocumentProgram(program, context));
  return ParagraphsOf(text);
}

// tesseract can read every kind of picture, and can put it into a PDF, which poppler draws in shades of gray: so no
// decoder of pictures runs in this process. The text found on the way is taken where the picture is straight.
Result<std::vector<std::string>> RecognisePicture(std::string_view bytes, const LoadContext& context) {
  TRY_VOID(CheckLanguage(context.options().ocr_language));
  TRY(const TemporaryFolder folder, TemporaryFolder::Create());
  TRY(const std::string path, folder.Write("picture", bytes));
  TRY(const std::string ignored,
      RunDocumentProgram({.args = {"tesseract", "picture", "out", "-l", context.options().ocr_language, "--dpi", "300",
                                   "--psm", "3", "pdf", "txt"},
                          .folder = folder.path()},
                         context));
  (void)ignored;
  DocumentProgram draw{.args = {"pdftoppm", "-gray", "-r", "300", "-f", "1", "-l", "1", "out.pdf"}};
  draw.folder = folder.path();
  draw.max_output_bytes = kMaxPictureBytes;
  TRY(const std::string pgm, RunDocumentProgram(draw, context));
  TRY(const GrayPicture picture, ParsePgm(pgm));
  if (std::abs(SkewOf(picture)) >= kLeastSkew) return RecognisePage(picture, context);
  TRY(const std::string text, ReadWholeFile(Files::Real(), folder.path() + "/out.txt", context.limits().text_bytes));
  return ParagraphsOf(text);
}

Result<GrayPicture> DrawPdfPage(const std::string& pdf_path, int64_t page, double width, double height,
                                const LoadContext& context) {
  const double side = std::max(width, height) / 72 * kDpi;
  const std::string number = std::to_string(page);
  DocumentProgram program{.args = {"pdftoppm", "-gray", "-f", number, "-l", number}};
  if (side <= kMaxSide) {
    program.args.insert(program.args.end(), {"-r", "300"});
  } else {
    program.args.insert(program.args.end(), {"-scale-to", std::to_string(static_cast<int>(kMaxSide))});
  }
  program.args.push_back(pdf_path);
  program.max_output_bytes = kMaxPictureBytes;
  TRY(const std::string pgm, RunDocumentProgram(program, context));
  return ParsePgm(pgm);
}

}  // namespace atelier
