// For tests of this folder.
#pragma once

#include <string>

#include "knowledge/corpus/corpus.h"

namespace atelier {

// Of two chunks, with something in every field.
inline IndexedDocument ExampleDocument(const std::string& id) {
  IndexedDocument indexed;
  indexed.source_id = "a.zip";
  indexed.source = {
      .size = 12, .modified_ns = 1'732'000'000'123'456'789, .hashed_ns = 5, .sha256 = std::string(64, 'a')};
  indexed.document.id = id;
  indexed.document.title = "Title";
  indexed.document.media_type = "text/markdown";
  indexed.document.text = "# Title\nfirst second";
  indexed.document.attributes = Json::Object({{"year", 2024}, {"tags", Json::Array({"x", "y"})}});
  Chunk first;
  first.span = {8, 13}, first.shown = {8, 20};
  first.heading_path = {"Title", "Part"};
  first.first_page = 2, first.last_page = 3;
  Chunk second;
  second.span = {14, 20}, second.shown = {8, 20};
  second.context = "of the example";
  indexed.parts = {{first, {1, 0}, "h1"}, {second, {0.6F, 0.8F}, "h2"}};
  return indexed;
}

}  // namespace atelier
