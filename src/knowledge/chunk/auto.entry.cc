// By what each document is: code by its syntax, what has a structure by that, all else recursively.
#include <algorithm>

#include "knowledge/chunk/chunker.h"
#include "knowledge/chunk/code_lexer.h"
#include "knowledge/chunk/outline.h"

namespace atelier {
namespace {

bool HasStructure(const Document& document) {
  return std::ranges::any_of(MarksOf(document), [](const TextMark& mark) {
    return mark.kind != TextMark::Kind::kPage && mark.kind != TextMark::Kind::kParagraph;
  });
}

Result<Chunking> SplitByKind(const ChunkInput& input) {
  ChunkOptions options = input.options;
  options.method = LanguageOf(input.document) != nullptr ? "code"
                   : HasStructure(input.document)        ? "structure"
                                                         : "recursive";
  return SplitPlainly(input.document, options, input.tools);
}

}  // namespace

extern const ChunkerEntry chunker_auto{"auto", "by what each document is", {}, 0, SplitByKind};

}  // namespace atelier
