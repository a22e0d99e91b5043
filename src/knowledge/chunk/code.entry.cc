// Source code by its syntax: C++, Python, TypeScript and JavaScript, Go, Rust, Java. Functions and classes stay whole
// where they fit, with the comments and decorators above them; what is too long is cut between its members or
// statements, and its head stays with the first of them. The heading path names what a part stands in.
#include <algorithm>

#include "knowledge/chunk/code_places.h"
#include "knowledge/chunk/finish.h"

namespace atelier {
namespace {

// Of code, the white space before a first line is part of what it says.
void KeepIndentation(const Measure& measure, int64_t limit, std::vector<TextSpan>& parts) {
  const std::string_view text = measure.text();
  for (size_t i = 0; i < parts.size(); ++i) {
    const int64_t least = i > 0 ? parts[i - 1].end : 0;
    int64_t begin = parts[i].begin;
    while (begin > least &&
           (text[static_cast<size_t>(begin - 1)] == ' ' || text[static_cast<size_t>(begin - 1)] == '\t')) {
      --begin;
    }
    const bool is_line = begin == 0 || text[static_cast<size_t>(begin - 1)] == '\n';
    if (is_line && measure.Fits({begin, parts[i].end}, limit)) parts[i].begin = begin;
  }
}

// The names of what each chunk stands in, whole and behind the head.   REQUIRES: both in order.
void NameScopes(const std::vector<CodeScope>& scopes, std::vector<Chunk>& chunks) {
  std::vector<const CodeScope*> open;
  size_t next = 0;
  for (Chunk& chunk : chunks) {
    for (; next < scopes.size() && scopes[next].span.begin < chunk.span.begin; ++next) {
      while (!open.empty() && open.back()->span.end <= scopes[next].span.begin) open.pop_back();
      open.push_back(&scopes[next]);
    }
    for (const CodeScope* scope : open) {
      if (scope->body <= chunk.span.begin && scope->span.end >= chunk.span.end)
        chunk.heading_path.push_back(scope->name);
    }
  }
}

Result<Chunking> SplitCode(const ChunkInput& input) {
  const CodeLanguage* language = LanguageOf(input.document);
  if (language == nullptr) {
    return Error::Unsupported("method",
                              "got code for '" + input.document.id + "' (" + input.document.media_type +
                                  "), want C++, Python, TypeScript, Go, Rust or Java: structure takes any text");
  }
  const Measure measure(input.document.text, input.limits.unit, input.tools.counter.get());
  const int64_t limit = input.limits.limit - input.limits.overlap;
  const TextSpan all{0, static_cast<int64_t>(input.document.text.size())};
  std::vector<CutPlace> places;
  std::vector<CodeScope> scopes;
  AddCodePlaces(measure, all, *language, limit, places, scopes);
  std::vector<TextSpan> parts = Pack(measure, all, std::move(places), limit);
  KeepIndentation(measure, limit, parts);
  Overlap(measure, input.limits.overlap, input.limits.limit, parts);
  Chunking chunking = ChunksOf(input, parts, {});
  NameScopes(scopes, chunking.chunks);
  return chunking;
}

}  // namespace

extern const ChunkerEntry chunker_code{"code", "by syntax: definitions stay whole where they fit", {}, 0, SplitCode};

}  // namespace atelier
