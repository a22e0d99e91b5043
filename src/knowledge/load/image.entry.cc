// Pictures of text, by OCR. A page of a scan in several pages (TIFF) beyond the first is not read.
#include <array>

#include "knowledge/load/document_builder.h"
#include "knowledge/load/ocr.h"
#include "knowledge/load/text_document.h"

namespace atelier {
namespace {

constexpr std::array<std::string_view, 8> kExtensions{".png",  ".jpg",  ".jpeg", ".tif",
                                                      ".tiff", ".webp", ".bmp",  ".gif"};
constexpr std::array<std::string_view, 6> kMediaTypes{"image/png",  "image/jpeg", "image/tiff",
                                                      "image/webp", "image/bmp",  "image/gif"};

struct Magic {
  std::string_view bytes;
  std::string_view media_type;
};
constexpr auto kMagics = std::to_array<Magic>({{"\x89PNG\r\n\x1A\n", "image/png"},
                                               {"\xFF\xD8\xFF", "image/jpeg"},
                                               {{"II*\0", 4}, "image/tiff"},
                                               {{"MM\0*", 4}, "image/tiff"},
                                               {"GIF8", "image/gif"},
                                               {"BM", "image/bmp"}});

// Whether `part` stands at `place`; bytes may be fewer.
bool HasAt(std::string_view bytes, size_t place, std::string_view part) {
  return bytes.size() >= place && bytes.substr(place).starts_with(part);
}

const Magic* MagicOf(std::string_view bytes) {
  for (const Magic& magic : kMagics) {
    if (bytes.starts_with(magic.bytes) &&
        (magic.bytes.size() > 2 || HasAt(bytes, 6, std::string_view("\0\0\0\0", 4)))) {
      return &magic;
    }
  }
  return nullptr;
}

bool IsWebp(std::string_view bytes) { return bytes.starts_with("RIFF") && HasAt(bytes, 8, "WEBP"); }

Claim Recognises(std::string_view bytes) {
  return MagicOf(bytes) != nullptr || IsWebp(bytes) ? Claim::kCertain : Claim::kNo;
}

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  if (Recognises(source.bytes) == Claim::kNo) return Error::Invalid({}, "got content that is no picture");
  if (!context.options().ocr) return Error::Unsupported({}, "a picture, and reading pictures is switched off");
  if (!context.TakeOcrPage()) {
    return Error::TooLarge({},
                           "more than " + std::to_string(context.limits().ocr_pages) + " pages to read from pictures");
  }
  TRY(const std::vector<std::string> paragraphs, RecognisePicture(source.bytes, context));
  DocumentBuilder builder(context.text_left());
  for (const std::string& paragraph : paragraphs) {
    builder.Begin(TextMark::Kind::kParagraph);
    builder.Inline(paragraph);
    builder.End();
  }
  Document document;
  TRY_VOID(builder.Take(document));
  const Magic* magic = MagicOf(source.bytes);
  document.media_type = magic == nullptr ? "image/webp" : magic->media_type;
  document.attributes = Json::Object({{"ocr", true}});
  return OneDocument(std::move(document));
}

}  // namespace

extern const LoaderEntry load_image;
const LoaderEntry load_image{"image", kExtensions, kMediaTypes, false, Recognises, Load};

}  // namespace atelier
