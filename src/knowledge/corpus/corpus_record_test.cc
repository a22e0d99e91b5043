#include "knowledge/corpus/corpus_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/corpus/corpus_testing.h"

namespace atelier {
namespace {

IndexedDocument Example() { return ExampleDocument("a.zip!/b.md"); }

TEST(CorpusRecord, AChunkComesBackAsItWas) {
  const std::vector<IndexRecord> records = RecordsOf(Example());
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].id, "c/a.zip!/b.md#000000");
  const auto passage = PassageOf(records[0]);
  ASSERT_TRUE(passage.ok()) << passage.error().Message();
  EXPECT_EQ(passage->document_id, "a.zip!/b.md");
  EXPECT_EQ(passage->title, "Title");
  EXPECT_EQ(passage->chunk.span, (TextSpan{8, 13}));
  EXPECT_EQ(passage->chunk.shown, (TextSpan{8, 20}));
  EXPECT_EQ(passage->chunk.first_page, 2);
  EXPECT_EQ(passage->chunk.last_page, 3);
  EXPECT_THAT(passage->chunk.heading_path, testing::ElementsAre("Title", "Part"));
  EXPECT_EQ(passage->attributes, Example().document.attributes) << "names of ours are not the document's";
  EXPECT_EQ(PassageOf(records[1])->chunk_index, 1);
  EXPECT_EQ(PassageOf(records[1])->chunk.context, "of the example");
}

TEST(CorpusRecord, WordsAreSearchedInTextTitleHeadingsAndContext) {
  const std::vector<IndexRecord> records = RecordsOf(Example());
  EXPECT_EQ(records[0].texts[0].text, "first");
  EXPECT_EQ(records[0].texts[1].text, "Title");
  EXPECT_EQ(records[0].texts[2].text, "Title\nPart");
  EXPECT_EQ(records[1].texts[2].text, "of the example");
  EXPECT_TRUE(records[2].texts.empty()) << "a document's text is found through its chunks";
}

TEST(CorpusRecord, ADocumentComesBackAsItWas) {
  const IndexRecord whole = RecordsOf(Example()).back();
  EXPECT_EQ(whole.payload, Example().document.text);
  const auto listing = ListingOf(whole);
  ASSERT_TRUE(listing.ok()) << listing.error().Message();
  EXPECT_EQ(listing->id, "a.zip!/b.md");
  EXPECT_EQ(listing->source_id, "a.zip");
  EXPECT_EQ(listing->source, Example().source) << "to the nanosecond";
  EXPECT_EQ(listing->num_chunks, 2);
  EXPECT_EQ(listing->num_bytes, 20);
  EXPECT_EQ(listing->attributes, Example().document.attributes);
}

TEST(CorpusRecord, WhatIsNoRecordOfOursIsCorrupt) {
  IndexRecord record = RecordsOf(Example())[0];
  record.payload = "{\"span\": [5, 2], \"shown\": [0, 9], \"pages\": [0, 0]}";
  EXPECT_EQ(PassageOf(record).error().kind, ErrorKind::kCorrupt);
  record.payload = "{";
  EXPECT_FALSE(PassageOf(record).ok());
  record.attributes = Json::Object();
  EXPECT_EQ(ListingOf(record).error().kind, ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace atelier
