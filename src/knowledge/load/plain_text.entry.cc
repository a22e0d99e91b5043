// Text without a form of its own, in any encoding: what empty lines part is a paragraph.
#include <array>

#include "knowledge/load/document_builder.h"
#include "knowledge/load/load_context.h"
#include "knowledge/load/text_document.h"

namespace atelier {
namespace {

constexpr std::array<std::string_view, 5> kExtensions{".txt", ".text", ".log", ".rst", ".adoc"};
constexpr std::array<std::string_view, 1> kMediaTypes{"text/plain"};

std::vector<TextMark> Paragraphs(std::string_view text) {
  std::vector<TextMark> marks;
  TextSpan paragraph;
  for (size_t at = 0; at < text.size() && marks.size() < kMaxMarks;) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const size_t last = line.find_last_not_of(" \t\f\v");
    if (last == std::string_view::npos) {
      if (!paragraph.empty()) marks.push_back({TextMark::Kind::kParagraph, paragraph, 0, {}});
      paragraph = {};
    } else {
      if (paragraph.empty()) paragraph.begin = static_cast<int64_t>(at);
      paragraph.end = static_cast<int64_t>(at + last + 1);
    }
    at = end + 1;
  }
  if (!paragraph.empty()) marks.push_back({TextMark::Kind::kParagraph, paragraph, 0, {}});
  return marks;
}

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  TRY(Document document, TextDocument(source, context));
  document.marks = Paragraphs(document.text);
  return OneDocument(std::move(document));
}

}  // namespace

extern const LoaderEntry load_plain_text;
const LoaderEntry load_plain_text{"plain_text", kExtensions, kMediaTypes, true, nullptr, Load};

}  // namespace atelier
