// Office files and books of any bytes: a zip as it stands under each name, or, where the bytes are none, as the parts
// of a package (parted by NUL) that a loader asks for.
#include <algorithm>
#include <cstdint>

#include "knowledge/load/load_fuzzing.h"
#include "knowledge/load/zip_for_test.h"

namespace {

std::string Part(std::string_view& text) {
  const size_t end = std::min(text.find('\0'), text.size());
  std::string part(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using atelier::testing::LoadAnyBytes;
  using atelier::testing::MakeArchive;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with("PK")) {
    for (const char* id : {"a.docx", "a.pptx", "a.xlsx", "a.epub", "a.zip"}) LoadAnyBytes(id, std::string(text));
    return 0;
  }
  const std::string first = Part(text), second = Part(text), third = Part(text);
  LoadAnyBytes("a.docx",
               MakeArchive({{"word/document.xml", first}, {"word/styles.xml", second}, {"word/numbering.xml", third}}));
  LoadAnyBytes("a.pptx", MakeArchive({{"ppt/presentation.xml", first},
                                      {"ppt/_rels/presentation.xml.rels", second},
                                      {"ppt/slides/slide1.xml", third}}));
  LoadAnyBytes("a.xlsx", MakeArchive({{"xl/workbook.xml", first},
                                      {"xl/_rels/workbook.xml.rels", second},
                                      {"xl/worksheets/sheet1.xml", third},
                                      {"xl/styles.xml", third}}));
  LoadAnyBytes("a.epub", MakeArchive({{"META-INF/container.xml", first}, {"book.opf", second}, {"page.xhtml", third}}));
  return 0;
}
