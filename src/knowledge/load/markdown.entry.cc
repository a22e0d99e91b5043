// Markdown, byte for byte, with marks for its blocks.
#include <array>

#include "knowledge/load/markdown_reader.h"
#include "knowledge/load/text_document.h"

namespace atelier {
namespace {

constexpr std::array<std::string_view, 4> kExtensions{".md", ".markdown", ".mdx", ".mkd"};
constexpr std::array<std::string_view, 1> kMediaTypes{"text/markdown"};

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  TRY(Document document, TextDocument(source, context));
  MarkdownBlocks blocks = ReadMarkdown(document.text);
  document.marks = std::move(blocks.marks);
  document.title = std::move(blocks.title);
  for (const JsonMember& member : blocks.attributes.members()) document.attributes.Set(member.key, member.value);
  return OneDocument(std::move(document));
}

}  // namespace

extern const LoaderEntry load_markdown;
const LoaderEntry load_markdown{"markdown", kExtensions, kMediaTypes, true, nullptr, Load};

}  // namespace atelier
