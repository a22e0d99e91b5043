#include "knowledge/chunk/chunk_options.h"

namespace atelier {

Fields ChunkOptions::Describe() {
  using C = ChunkOptions;
  static constexpr Field fields[] = {
      Key<&C::method>("method", "how documents are cut; auto: by what each document is"),
      Key<&C::unit>("unit", "what limits count; without: tokens where the embedder's tokenizer is here")
          .OneOf("tokens|characters|bytes"),
      Key<&C::limit>("limit", "the most in a chunk; without: by the embedder's window").Between(32, 1'000'000),
      Key<&C::overlap>("overlap", "how much of the chunk before is said again, at most").Between(0, 500'000),
      Key<&C::preface>("preface", "title, headings and context before an embedded text, as a share of the limit")
          .Between(0, 1),
      Key<&C::separators>("separators", "recursive: texts to cut at, from large to small")
          .AtMostItems(32)
          .AtMostBytes(64),
      Key<&C::overlap_sentences>("overlap_sentences", "sentence: sentences said again").Between(0, 100),
      Key<&C::base>("base", "late, parent, contextual, summary_tree, graph: the method that cuts").AtMostBytes(64),
      Key<&C::parent_limit>("parent_limit", "parent: the most in what a model is shown").Between(32, 10'000'000),
      Key<&C::window>("window", "window, semantic: sentences on each side").Between(0, 100),
      Key<&C::percentile>("percentile", "semantic: cut where the distance is above this share of all").Between(0, 100),
      Key<&C::context_tokens>("context_tokens", "contextual, summary_tree, graph: the most that a model writes")
          .Between(8, 1000),
  };
  return fields;
}

}  // namespace atelier
