// What pdftotext may write, of any bytes: an error, or pages.
#include <cstdint>

#include "base/check.h"
#include "knowledge/load/gray_picture.h"
#include "knowledge/load/pdf_layout.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)atelier::ReadPdfLayout(text);
  const auto picture = atelier::ParsePgm(text);
  if (picture.ok() && picture->pixels.size() < 1 << 16)
    (void)atelier::Straightened(*picture, atelier::SkewOf(*picture));
  return 0;
}
