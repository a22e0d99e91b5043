#include "knowledge/index/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "knowledge/index/attribute_columns.h"
#include "knowledge/index/filter_match.h"
#include "knowledge/index/index_testing.h"
#include "knowledge/index/segment.h"

namespace atelier {
namespace {

using testing::HasSubstr;

Filter Read(std::string_view json) { return ReadFilter(Json::Parse(json).value()).value(); }
std::string Refused(std::string_view json) { return ReadFilter(Json::Parse(json).value()).error().Message(); }

TEST(Filter, IsReadAndWrittenAsJson) {
  for (
      const std::string_view json :
      {R"({"type":"all"})", R"({"type":"eq","key":"year","value":2024})",
       R"({"type":"in","key":"lang","value":["en",1,true]})",
       R"({"type":"and","filters":[{"type":"glob","key":"path","value":"**/*.md"},{"type":"not","filter":{"type":"all"}}]})",
       R"({"type":"or","filters":[]})"}) {
    EXPECT_EQ(WriteFilter(Read(json)).Dump(), json);
  }
}

TEST(Filter, WhatIsWrongIsNamedWhereItStands) {
  EXPECT_EQ(Refused(R"({"type":"and","filters":[{"type":"eq","key":"a","value":[1]}]})"),
            "filters[0].value: got an array, want a string, a number or a boolean");
  EXPECT_THAT(Refused(R"({"type":"like"})"), HasSubstr("type: got 'like', want one of all, eq,"));
  EXPECT_EQ(Refused(R"({"type":"eq","value":1})"), "key: got null, want a string");
  EXPECT_EQ(Refused(R"({"type":"eq","key":"a","value":1,"filters":[]})"), "filters: 'eq' has no such member");
  EXPECT_EQ(Refused(R"({"type":"glob","key":"a","value":1})"), "value: got a number, want a string");
  std::string deep = R"({"type":"all"})";
  for (int i = 0; i < 80; ++i) deep = R"({"type":"not","filter":)" + deep + "}";
  EXPECT_THAT(Refused(deep), HasSubstr("too deep"));
}

TEST(Filter, APatternsPrefixIsWhatAllThatMatchesBeginsWith) {
  EXPECT_EQ(GlobPrefix("docs/a*.md"), "docs/a");
  EXPECT_EQ(GlobPrefix("a\\*b?"), "a*b");
  EXPECT_EQ(GlobPrefix("a[bc]"), "a");
  EXPECT_EQ(GlobPrefix("plain"), "plain");
}

TEST(AttributeColumns, EveryFilterFindsWhatItsDefinitionSays) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    Random random(seed);
    const uint32_t num_records = seed < 3 ? 40 : 3000;  // from 3,000 on columns have blocks and bitmaps
    std::vector<IndexRecord> records;
    std::vector<const IndexRecord*> pointers;
    for (uint32_t i = 0; i < num_records; ++i) {
      records.push_back(RandomRecord(random, "r" + std::to_string(i), i));
    }
    for (const IndexRecord& record : records) pointers.push_back(&record);
    NewSegment made = BuildSegment(pointers, TestSchema()).value();
    const auto segment =
        Segment::Open(SegmentFile::InMemory(made.num_records, std::move(made.sections)), TestSchema()).value();
    for (int i = 0; i < 200; ++i) {
      const Filter filter = RandomFilter(random, 3);
      const Bitmap got = segment->Evaluate(filter);
      for (uint32_t record = 0; record < num_records; ++record) {
        ASSERT_EQ(got.Has(record), FilterPasses(filter, records[record].id, records[record].attributes))
            << WriteFilter(filter).Dump() << " on " << records[record].id << ' ' << records[record].attributes.Dump();
      }
    }
  }
}

TEST(AttributeColumns, BoundsOfOneAttributeMayBeMetByDifferentValuesOfAList) {
  using Op = Filter::Op;
  constexpr Op kOrders[] = {Op::kLt, Op::kLte, Op::kGt, Op::kGte};
  Random random(3);
  std::vector<IndexRecord> records(3000);
  std::vector<const IndexRecord*> pointers;
  for (size_t i = 0; i < records.size(); ++i) {
    records[i].id = "r" + std::to_string(i);
    Json many = Json::Array();
    for (uint64_t k = random.Below(4); k > 0; --k) many.Push(static_cast<int64_t>(random.Below(20)));
    records[i].attributes = Json::Object({{"many", std::move(many)}});
    if (i % 7 != 0) records[i].attributes.Set("one", static_cast<int64_t>(random.Below(20)));
    pointers.push_back(&records[i]);
  }
  NewSegment made = BuildSegment(pointers, TestSchema()).value();
  const auto segment =
      Segment::Open(SegmentFile::InMemory(made.num_records, std::move(made.sections)), TestSchema()).value();
  for (int i = 0; i < 200; ++i) {
    std::vector<Filter> parts;
    for (uint64_t k = 2 + random.Below(3); k > 0; --k) {
      const std::string key = random.Below(4) == 0 ? "many" : "one";
      const Json bound = random.Below(10) == 0 ? Json("text") : Json(static_cast<int64_t>(random.Below(20)));
      parts.push_back(Filter::Compare(kOrders[random.Below(4)], i % 2 == 0 ? key : "many", bound));
    }
    const Filter filter = Filter::And(std::move(parts));
    const Bitmap got = segment->Evaluate(filter);
    for (uint32_t record = 0; record < records.size(); ++record) {
      ASSERT_EQ(got.Has(record), FilterPasses(filter, records[record].id, records[record].attributes))
          << WriteFilter(filter).Dump() << " on " << records[record].attributes.Dump();
    }
  }
}

TEST(AttributeColumns, IntegersAreExactBeyondDoubles) {
  AttributeColumnsBuilder builder(3);
  builder.Add(0, Json::Parse(R"({"n":9007199254740993})").value());
  builder.Add(1, Json::Parse(R"({"n":9007199254740992})").value());
  builder.Add(2, Json::Parse(R"({"n":18446744073709551615})").value());
  const std::string bytes = builder.Finish();
  std::vector<uint64_t> aligned((bytes.size() + 7) / 8);
  std::memcpy(aligned.data(), bytes.data(), bytes.size());
  const auto columns = AttributeColumns::Open(std::as_bytes(std::span(aligned)).first(bytes.size())).value();
  const AttributeColumn& column = *columns.Find("n");
  Bitmap found(3);
  column.AddMatches(Filter::Op::kGt, {Json::NumberOf("9007199254740992")}, found);
  EXPECT_FALSE(found.Has(1));
  EXPECT_TRUE(found.Has(0) && found.Has(2));
  EXPECT_EQ(column.Value(1).ToJson().Dump(), "9007199254740993");
  EXPECT_EQ(column.Value(2).ToJson().Dump(), "18446744073709551615");
}

}  // namespace
}  // namespace atelier
