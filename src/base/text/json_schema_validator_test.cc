#include "base/text/json_schema_validator.h"

#include <gtest/gtest.h>

#include "base/text/formats.h"

namespace atelier {
namespace {

// The violations, one a line; "valid" for none.
std::string Check(std::string_view schema, std::string_view value, FormatPolicy formats = FormatPolicy::kAssert) {
  const auto document = SchemaDocument::Parse(*Json::Parse(schema));
  if (!document.ok()) return document.error().Message();
  const auto violations = ValidateJson(*document, *Json::Parse(value), formats);
  if (!violations.ok()) return violations.error().Message();
  std::string text;
  for (const SchemaViolation& violation : *violations) text += (text.empty() ? "" : "\n") + violation.Text();
  return text.empty() ? "valid" : text;
}

TEST(JsonSchemaValidator, InDraftFourAnIntegerHasNoFraction) {
  const std::string four = R"({"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"})";
  EXPECT_EQ(Check(four, "12"), "valid");
  EXPECT_EQ(Check(four, "12.0"), "the value: got 12.0, want an integer (#/type)");
  EXPECT_EQ(Check(R"({"type": "integer"})", "12.0"), "valid");
}

TEST(JsonSchemaValidator, ViolationsSayWhereAndWhatWasWanted) {
  EXPECT_EQ(Check(R"({"properties": {"a/b": {"items": {"type": "string"}}}})", R"({"a/b": ["x", 3]})"),
            "/a~1b/1: got 3, want a string (#/properties/a~1b/items/type)");
  EXPECT_EQ(Check(R"({"type": ["integer", "null"], "minimum": 5})", "3.5"),
            "the value: got 3.5, want null or an integer (#/type)\nthe value: got 3.5, want at least 5 (#/minimum)");
  EXPECT_EQ(Check(R"({"required": ["a", "b"], "additionalProperties": false})", R"({"b": 1, "c": 2})"),
            "the value: want a member \"a\" (#/required)\n"
            "/b: got a value where the schema allows none (#/additionalProperties)\n"
            "/c: got a value where the schema allows none (#/additionalProperties)");
  EXPECT_EQ(Check(R"({"oneOf": [{"minimum": 1}, {"maximum": 5}, {"const": "a"}]})", "3"),
            "the value: got 3, which matches 0 and 1, want a match of exactly one of 3 schemas (#/oneOf)");
  EXPECT_EQ(Check(R"({"$ref": "#/$defs/a", "$defs": {"a": {"enum": [1, "x"]}}})", "2"),
            "the value: got 2, want 1, \"x\" (#/$defs/a/enum)");
  EXPECT_EQ(Check("false", "1"), "the value: got a value where the schema allows none (#)");
}

TEST(JsonSchemaValidator, FirstViolationsAreEnough) {
  const auto document = *SchemaDocument::Parse(*Json::Parse(R"({"items": false})"));
  const auto validator = *JsonSchemaValidator::Create(document, FormatPolicy::kAnnotate);
  const Json value = *Json::Parse("[1,2,3,4,5]");
  EXPECT_EQ(validator.Validate(value, 2)->size(), 2u);
  EXPECT_EQ(validator.Validate(value, 0)->size(), 1u);
}

TEST(JsonSchemaValidator, NumbersAreExact) {
  EXPECT_EQ(Check(R"({"multipleOf": 0.01})", "4.35"), "valid");
  EXPECT_EQ(Check(R"({"multipleOf": 0.01})", "4.351"), "the value: got 4.351, want a multiple of 0.01 (#/multipleOf)");
  EXPECT_EQ(Check(R"({"type": "integer"})", "1e400"), "valid");
  EXPECT_EQ(Check(R"({"maximum": 9007199254740992})", "9007199254740993"),
            "the value: got 9007199254740993, want at most 9007199254740992 (#/maximum)");
  EXPECT_EQ(Check(R"({"uniqueItems": true})", "[1, 1.0]"),
            "the value: got 1.0 twice, want each item once (#/uniqueItems)");
  EXPECT_EQ(Check(R"({"uniqueItems": true})", R"([{"a": 1, "b": [2]}, {"b": [2.0], "a": 10e-1}])").substr(0, 14),
            "the value: got");
  EXPECT_EQ(Check(R"({"uniqueItems": true})", R"([1, "1", [1], true, {"1": 1}, "[1,]", null])"), "valid");
  EXPECT_EQ(Check(R"({"enum": [[1.0]]})", "[1]"), "valid");
  EXPECT_EQ(Check(R"({"minimum": 0})", "1e99999999999999999999").substr(0, 14), "the value: got");
}

TEST(JsonSchemaValidator, LengthsCountCodePoints) {
  EXPECT_EQ(Check(R"({"maxLength": 2, "minLength": 2})", R"("🐲é")"), "valid");
}

TEST(JsonSchemaValidator, UnevaluatedSeesThroughBranchesThatMatch) {
  constexpr std::string_view kSchema = R"({"anyOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]},
      {"properties": {"b": true}, "required": ["b"]}], "unevaluatedProperties": false})";
  EXPECT_EQ(Check(kSchema, R"({"a": "x", "b": 1})"), "valid");
  EXPECT_EQ(Check(kSchema, R"({"a": 1, "b": 1})"),
            "/a: got a value where the schema allows none (#/unevaluatedProperties)");
  EXPECT_EQ(Check(R"({"prefixItems": [true], "contains": {"const": 7}, "unevaluatedItems": {"type": "null"}})",
                  "[1, 7, null]"),
            "valid");
  constexpr std::string_view kOlder = R"({"$schema": "https://json-schema.org/draft/2019-09/schema",
      "contains": {"const": 7}, "unevaluatedItems": {"type": "null"}})";  // there contains evaluates nothing
  EXPECT_NE(Check(kOlder, "[7, null]"), "valid");
}

TEST(JsonSchemaValidator, FormatsAreAssertedByPolicy) {
  EXPECT_EQ(Check(R"({"format": "date"})", R"("2023-02-29")"),
            "the value: got \"2023-02-29\", want the format date (#/format)");
  EXPECT_EQ(Check(R"({"format": "date"})", R"("2023-02-29")", FormatPolicy::kAnnotate), "valid");
  EXPECT_EQ(Check(R"({"format": "no-such-format"})", R"("x")"), "valid");
}

TEST(JsonSchemaValidator, WrongPatternsAreNamed) {
  EXPECT_EQ(Check(R"({"properties": {"a": {"pattern": "(a"}}})", "1"),
            "#/properties/a/pattern: got the pattern \"(a\", at byte 2 want ')'");
  EXPECT_EQ(Check(R"({"patternProperties": {"a++": true}})", "1").substr(0, 20), "#/patternProperties:");
}

TEST(JsonSchemaValidator, EffortIsBounded) {
  std::string doubling = R"({"$ref": "#/$defs/0", "$defs": {)";
  for (int i = 0; i < 60; ++i) {
    const std::string next = R"({"$ref": "#/$defs/)" + std::to_string(i + 1) + R"("})";
    doubling += '"' + std::to_string(i) + R"(": {"allOf": [)" + next + "," + next + "]},";
  }
  EXPECT_NE(Check(doubling + R"("60": {}}})", "1").find("take too long to compare"), std::string::npos);
  EXPECT_NE(Check(R"({"pattern": "^((a+)\\2?)+$"})", '"' + std::string(60, 'a') + "b\"").find("takes too long"),
            std::string::npos);
  std::string deep(250, '[');
  deep += std::string(250, ']');
  EXPECT_EQ(Check(R"({"anyOf": [{"type": "array", "items": {"$ref": "#"}}, {"type": "null"}]})", deep), "valid");
}

TEST(Formats, WhatTheSuiteDoesNotSay) {
  EXPECT_TRUE(IsIpv4("0.0.0.0"));
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.4 ", "1..2.3", "0x1.2.3.4"}) {
    EXPECT_FALSE(IsIpv4(text)) << text;
  }
  EXPECT_TRUE(IsIpv6("1:2:3:4:5:6:7::"));
  EXPECT_FALSE(IsIpv6("1:2:3:4:5:6:7:8::"));
  EXPECT_FALSE(IsIpv6("::1:2:3:4:5:6:7:8"));
  EXPECT_FALSE(IsIpv6(""));
  EXPECT_FALSE(IsIpv6(":"));
  EXPECT_TRUE(IsUri("http://[v1.a:b]:80/"));
  EXPECT_TRUE(IsUri("a:"));
  EXPECT_FALSE(IsUri("http://[::1"));
  EXPECT_FALSE(IsUri("http://a:b/"));
  EXPECT_FALSE(IsUri("a:%4"));
  EXPECT_FALSE(IsUri("http://é/"));
  EXPECT_TRUE(IsIri("http://é/?\uE000"));
  EXPECT_FALSE(IsIri("http://é/\uE000"));
  EXPECT_TRUE(IsUriTemplate("{+a,b.c*,d:9999}{#x}{?q%41}"));
  for (const char* text : {"{}", "{a:0}", "{a:10000}", "{.}", "{a..b}", "{a.}", "}", "a b", "{a b}", "{a,}", "%4"}) {
    EXPECT_FALSE(IsUriTemplate(text)) << text;
  }
  EXPECT_TRUE(IsEmail("a+b@example.com"));
  EXPECT_TRUE(IsEmail(R"("a\"b"@example.com)"));
  for (const char* text : {"@a", "a@", "a b@c", "a@b c", "é@example.com", R"("a"b"@c)", "a@-b", "a@b..c", "a@[1.2]"}) {
    EXPECT_FALSE(IsEmail(text)) << text;
  }
  EXPECT_TRUE(IsIdnEmail("é@exämple.com"));
  EXPECT_TRUE(IsHostname("r3---sn.example.com"));
  EXPECT_FALSE(IsHostname("example.com."));
  EXPECT_FALSE(IsHostname(std::string(64, 'a')));
  EXPECT_FALSE(IsHostname("xn--X"));
  EXPECT_FALSE(IsHostname("xn--a-"));
  EXPECT_TRUE(IsHostname("xn--bcher-kva.ch"));
  EXPECT_TRUE(IsIdnHostname("bücher.ch"));
  EXPECT_FALSE(IsIdnHostname("Bücher.ch"));
  EXPECT_FALSE(IsIdnHostname("a..b"));
  EXPECT_TRUE(IsDateTime("2024-02-29T23:59:60z"));
  EXPECT_FALSE(IsDateTime("2023-02-29T00:00:00Z"));
  EXPECT_FALSE(IsDateTime("2023-02-28 00:00:00Z"));
  EXPECT_FALSE(IsTime("00:00:00.Z"));
  EXPECT_TRUE(IsDuration("P1Y2M3DT4H5M6S"));
  for (const char* text : {"P1Y2D", "PT1H2S", "P1W2D", "P1D1D", "PT1M1H", "P1H", "P1.5D", "P1DT", "", "P-1D"}) {
    EXPECT_FALSE(IsDuration(text)) << text;
  }
  EXPECT_TRUE(IsJsonPointer("/a~0~1//"));
  EXPECT_FALSE(IsJsonPointer("/~2"));
  EXPECT_FALSE(IsJsonPointer("a"));
}

}  // namespace
}  // namespace atelier
