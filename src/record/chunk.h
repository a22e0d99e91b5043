// A part of a document that is found as one: matched by its own span, read with what stands around it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/document.h"

namespace atelier {

// What a model read in a chunk: things, and how they relate. Names as the text has them.
struct ChunkFacts {
  struct Entity {
    std::string name, kind;
    bool operator==(const Entity&) const = default;
  };
  struct Relation {
    std::string source, relation, target;
    bool operator==(const Relation&) const = default;
  };
  std::vector<Entity> entities;
  std::vector<Relation> relations;
  bool empty() const { return entities.empty() && relations.empty(); }
  bool operator==(const ChunkFacts&) const = default;
};

struct Chunk {
  TextSpan span;  // of Document::text: what is embedded, indexed and cited
  // What a model is given to read where this chunk is found: the parent's span, the sentences around it. Contains
  // `span`.
  TextSpan shown;
  int32_t first_page = 0, last_page = 0;  // 0: the document has no pages
  std::vector<std::string> heading_path;  // outermost first
  std::string context;   // said before the text where it is embedded and indexed; no part of the source
  bool sums_up = false;  // `context` is a summary of `span`, and is embedded, indexed and read in its place
  ChunkFacts facts;
};

}  // namespace atelier
