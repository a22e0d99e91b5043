// Text in pictures, by tesseract: pictures that are askew are straightened first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "knowledge/load/gray_picture.h"
#include "knowledge/load/load_context.h"

namespace atelier {

// The paragraphs of a picture of a page at 300 dpi or so. Errors: kUnavailable (not installed), kInvalid, kTimeout, ...
Result<std::vector<std::string>> RecognisePage(const GrayPicture& picture, const LoadContext& context);

// Of a picture file of any kind that tesseract reads.
Result<std::vector<std::string>> RecognisePicture(std::string_view bytes, const LoadContext& context);

// One page of a PDF file, drawn at 300 dpi (fewer where a page is very large). `width`, `height`: of the page, in
// points.
Result<GrayPicture> DrawPdfPage(const std::string& pdf_path, int64_t page, double width, double height,
                                const LoadContext& context);

}  // namespace atelier
