// What the tests of loaders share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/io/files.h"
#include "base/tree_testing.h"
#include "knowledge/load/document_builder.h"
#include "knowledge/load/loader.h"

namespace atelier::testing {

inline std::vector<Document> LoadAll(std::string_view id, std::string_view bytes, const LoadOptions& options = {}) {
  auto documents = LoadDocuments({.id = std::string(id), .bytes = std::string(bytes), .media_type = {}}, options);
  EXPECT_TRUE(documents.ok()) << documents.error().Message();
  if (!documents.ok()) return {};
  for (const Document& document : *documents) EXPECT_EQ(FaultOfMarks(document), "") << document.id;
  return *std::move(documents);
}

// The one document of a source.
inline Document LoadOne(std::string_view id, std::string_view bytes, const LoadOptions& options = {}) {
  auto documents = LoadAll(id, bytes, options);
  EXPECT_EQ(documents.size(), 1U);
  return documents.empty() ? Document() : std::move(documents[0]);
}

inline std::string GoldenFile(const std::string& name) {
  auto bytes = ReadWholeFile(Files::Real(), SourcePath("/tests/golden/knowledge_load/") + name, 64 << 20);
  EXPECT_TRUE(bytes.ok()) << bytes.error().Message();
  return bytes.ok() ? *bytes : std::string();
}

// The texts under marks of a kind, in order.
inline std::vector<std::string> Marked(const Document& document, TextMark::Kind kind) {
  std::vector<std::string> texts;
  for (const TextMark& mark : document.marks) {
    if (mark.kind == kind) texts.emplace_back(TextOf(document.text, mark.span));
  }
  return texts;
}

// "1 Title", "2 Part": level and text of each heading.
inline std::vector<std::string> Headings(const Document& document) {
  std::vector<std::string> texts;
  for (const TextMark& mark : document.marks) {
    if (mark.kind != TextMark::Kind::kHeading) continue;
    texts.push_back(std::to_string(mark.number) + " " + std::string(TextOf(document.text, mark.span)));
  }
  return texts;
}

}  // namespace atelier::testing
