#include <gtest/gtest.h>

#include "base/text/describe_json.h"

namespace atelier {
namespace {

struct Point {
  double x = 0;
  std::optional<std::string> label;
  static Fields Describe();
};
Fields Point::Describe() {
  static constexpr Field fields[] = {Key<&Point::x>("x", "metres to the right").Between(0, 100).Required(),
                                     Key<&Point::label>("label", "shown beside the point").NullIfAbsent(),
                                     Ignored("colour", "accepted without effect"),
                                     Unsupported("z", "points here are flat").UnlessIs("0|false")};
  return fields;
}

struct Style {
  std::string weight = "thin";
  static Fields Describe();
};
Fields Style::Describe() {
  static constexpr Field fields[] = {Key<&Style::weight>("weight", "of lines").OneOf("thin|thick")};
  return fields;
}

struct Drawing {
  std::vector<Point> points;
  std::map<std::string, int32_t> counts;
  OneOrMany<std::string> tags;
  bool closed = false;
  Json extra;
  Style style;
  static Fields Describe();
};
Fields Drawing::Describe() {
  static constexpr Field fields[] = {Key<&Drawing::points>("points", "in order").AtMostItems(3),
                                     Key<&Drawing::counts>("counts", "by name"),
                                     Key<&Drawing::tags>("tags", "words"),
                                     Key<&Drawing::closed>("closed", "back to the start"),
                                     Key<&Drawing::extra>("extra", "anything"),
                                     Inline<&Drawing::style>()};
  return fields;
}

Result<Drawing> Read(std::string_view text) {
  TRY(const Json json, Json::Parse(text));
  return ReadJson<Drawing>(json);
}

TEST(Describe, ReadsEveryKindOfMember) {
  const auto drawing = Read(R"({"points": [{"x": 1, "label": "a"}, {"x": 2.5}], "counts": {"b": 2, "a": 1},
                                "tags": "one", "closed": true, "extra": {"k": [null]}, "weight": "thick"})");
  ASSERT_TRUE(drawing.ok()) << drawing.error().Message();
  EXPECT_EQ(drawing->points.size(), 2u);
  EXPECT_EQ(drawing->points[0].label, "a");
  EXPECT_EQ(drawing->points[1].x, 2.5);
  EXPECT_EQ(drawing->counts.at("a"), 1);
  EXPECT_EQ(drawing->counts.at("b"), 2);
  EXPECT_TRUE(drawing->tags.was_one);
  EXPECT_EQ(drawing->style.weight, "thick");
}

TEST(Describe, WritesWhatItReads) {
  const std::string text =
      R"({"points":[{"x":1.5,"label":null}],"counts":{"a":1},"tags":["x","y"],"closed":false,"extra":[1],"weight":"thin"})";
  const auto drawing = Read(text);
  ASSERT_TRUE(drawing.ok()) << drawing.error().Message();
  EXPECT_EQ(WriteJson(*drawing).Dump(), text);
}

struct BadCase {
  std::string_view text, where, what, code;
};
TEST(Describe, ErrorsNameThePathAndWhatWasWanted) {
  const BadCase cases[] = {
      {R"([])", "", "got an array, want an object", "invalid_type"},
      {R"({"points": [{"x": 1}, {"x": "far"}]})", "points[1].x", "got \"far\", want a number", "invalid_type"},
      {R"({"points": [{"x": 101}]})", "points[0].x", "got 101, want a number from 0 to 100", "invalid_value"},
      {R"({"points": [{}]})", "points[0].x", "got nothing, want metres to the right", "missing_required_parameter"},
      {R"({"points": [{"x": null}]})", "points[0].x", "got nothing, want metres to the right",
       "missing_required_parameter"},
      {R"({"points": [{"x":1},{"x":1},{"x":1},{"x":1}]})", "points", "got 4 items, want at most 3", "invalid_value"},
      {R"({"points": [{"x": 1, "z": 3}]})", "points[0].z", "not supported: points here are flat",
       "unsupported_parameter"},
      {R"({"pionts": []})", "pionts", "got an unknown parameter; did you mean 'points'?", "unknown_parameter"},
      {R"({"counts": {"a": 1.5}})", "counts.a", "got 1.5, want a whole number", "invalid_type"},
      {R"({"counts": {"a": 4294967296}})", "counts.a", "got 4294967296, want a smaller number", ""},
      {R"({"weight": "fat"})", "weight", "got \"fat\", want one of thin, thick", "invalid_value"},
  };
  for (const BadCase& bad : cases) {
    const auto drawing = Read(bad.text);
    ASSERT_FALSE(drawing.ok()) << bad.text;
    EXPECT_EQ(drawing.error().where, bad.where) << bad.text;
    EXPECT_EQ(drawing.error().what, bad.what) << bad.text;
    EXPECT_EQ(drawing.error().code, bad.code) << bad.text;
  }
}

TEST(Describe, NullIgnoredAndHarmlessValuesPass) {
  EXPECT_TRUE(Read(R"({"points": null, "tags": null, "closed": null, "weight": null})").ok());
  EXPECT_TRUE(Read(R"({"points": [{"x": 1, "colour": {"any": 1}, "z": 0, "label": null}]})").ok());
}

TEST(Describe, UnknownKeysCanBeWarnings) {
  std::vector<std::string> unknown;
  const auto json = Json::Parse(R"({"colsed": true})");
  const ReadOptions options{.refuse_unknown = false, .unknown = &unknown};
  ASSERT_TRUE(ReadJson<Drawing>(*json, options).ok());
  EXPECT_EQ(unknown, std::vector<std::string>{"colsed; did you mean 'closed'?"});
}

TEST(Describe, SchemaSaysWhatIsAccepted) {
  const Json schema = JsonSchema<Drawing>();
  const Json& point = schema["properties"]["points"]["items"];
  EXPECT_EQ(schema["properties"]["points"]["maxItems"].AsInt64(), 3);
  EXPECT_EQ(point["properties"]["x"]["maximum"].AsDouble(), 100);
  EXPECT_EQ(point["required"].Dump(), R"(["x"])");
  EXPECT_EQ(schema["properties"]["weight"]["enum"].Dump(), R"(["thin","thick"])");
  EXPECT_EQ(schema["properties"]["counts"]["additionalProperties"]["type"].AsString(), "integer");
  EXPECT_EQ(schema["properties"]["tags"]["anyOf"].size(), 2);
  EXPECT_TRUE(point["properties"]["z"]["x-unsupported"].AsBool());
}

TEST(Nearest, FindsTypingErrorsAndNothingElse) {
  const std::string_view known[] = {"temperature", "top_p", "max_tokens"};
  EXPECT_EQ(Nearest("temprature", known), "temperature");
  EXPECT_EQ(Nearest("max_token", known), "max_tokens");
  EXPECT_EQ(Nearest("frobnicate", known), "");
}

}  // namespace
}  // namespace atelier
