#include "base/text/json.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/text/number_text.h"

namespace atelier {
namespace {

std::string ErrorOf(std::string_view text) {
  const auto result = Json::Parse(text);
  return result.ok() ? "parsed" : result.error().Message();
}

std::string Again(std::string_view text) {
  const auto result = Json::Parse(text);
  return result.ok() ? result->Dump() : result.error().Message();
}

TEST(Json, KeepsOrderAndNumberText) {
  EXPECT_EQ(Again(R"( { "b" : 1.50, "a" : [ true , null , -0, 1E400, 123456789012345678901234567890 ] } )"),
            R"({"b":1.50,"a":[true,null,-0,1E400,123456789012345678901234567890]})");
}

TEST(Json, BuildsAndReadsPleasantly) {
  Json value = Json::Object({{"id", 7}, {"tags", Json::Array({"a", "b"})}, {"none", nullptr}, {"half", 0.5}});
  value.Set("ok", true);
  value.Set("id", uint64_t{18446744073709551615u});
  EXPECT_EQ(value.Dump(), R"({"id":18446744073709551615,"tags":["a","b"],"none":null,"half":0.5,"ok":true})");
  EXPECT_EQ(value["tags"][1].AsString(), "b");
  EXPECT_TRUE(value["missing"]["deeper"].is_null());
  EXPECT_TRUE(value.Erase("tags"));
  EXPECT_FALSE(value.Erase("tags"));
  EXPECT_FALSE(value.Add("ok", false));
  Json grown;
  grown.Push(1).is_number();
  EXPECT_EQ(grown.Dump(), "[1]");
  EXPECT_EQ(Json(std::vector<std::string>{"x", "y"}).Dump(), R"(["x","y"])");
  EXPECT_EQ(Json(std::optional<int>()).Dump(), "null");
}

TEST(Json, NumbersAreExactOrNothing) {
  const Json n =
      *Json::Parse("[9223372036854775807, 9223372036854775808, 5.0, 5e2, 5.5, -1, 1e30, -0, 50e-1, 1e999999999999]");
  EXPECT_EQ(n[0].AsInt64(), INT64_MAX);
  EXPECT_EQ(n[1].AsInt64(), std::nullopt);
  EXPECT_EQ(n[1].AsUint64(), 9223372036854775808u);
  EXPECT_EQ(n[2].AsInt64(), 5);
  EXPECT_FALSE(n[2].is_integer());
  EXPECT_EQ(n[3].AsInt64(), 500);
  EXPECT_EQ(n[4].AsInt64(), std::nullopt);
  EXPECT_EQ(n[5].AsUint64(), std::nullopt);
  EXPECT_EQ(n[6].AsInt64(), std::nullopt);
  EXPECT_EQ(n[7].AsInt64(), 0);
  EXPECT_EQ(n[7].AsUint64(), 0u);
  EXPECT_EQ(n[8].AsInt64(), 5);
  EXPECT_EQ(n[9].AsInt64(), std::nullopt);
  EXPECT_TRUE(std::isinf(n[9].AsDouble()));
  EXPECT_EQ(n[6].AsDouble(), 1e30);
  EXPECT_TRUE(n[2] == Json(5));
  EXPECT_FALSE(n[0] == n[1]);
  EXPECT_TRUE(Json(std::nan("")).is_null());
}

TEST(Json, ErrorsSayWhereAndWhatWasWanted) {
  EXPECT_EQ(ErrorOf(""), "line 1, column 1: got the end, want a value");
  EXPECT_EQ(ErrorOf("{\"a\": 1,\n \"\xC3\xA9\" 2}"), "line 2, column 6: got '2', want ':'");
  EXPECT_EQ(ErrorOf("[1,]"), "line 1, column 4: got ']', want a value");
  EXPECT_EQ(ErrorOf("[1 2]"), "line 1, column 4: got '2', want ',' or ']'");
  EXPECT_EQ(ErrorOf("{\"a\":1,\"b\":2,\"a\":3}"), "line 1, column 14: got key \"a\" twice, want each key once");
  EXPECT_EQ(ErrorOf("nul"), "line 1, column 4: got the end, want the rest of 'null'");
  EXPECT_EQ(ErrorOf("01"), "line 1, column 2: got '1', want no digit after a leading 0");
  EXPECT_EQ(ErrorOf("\"a\nb\""), "line 1, column 3: got byte 0x0a, want control characters written as \\u00xx");
  EXPECT_EQ(ErrorOf("\"\xFF\""), "line 1, column 2: got byte 0xff, want valid UTF-8");
  EXPECT_EQ(ErrorOf("1 x"), "line 1, column 3: got 'x', want the end of the document");
  for (const char* bad : {"NaN", "-", "+1", "1.", ".5", "1e", "{a:1}", "{\"a\":1,}", "[", "\"\\x\"", "\"\\u12g4\"",
                          "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "/**/1",
                          "\xEF\xBB\xBF"
                          "1",
                          "'a'"}) {
    EXPECT_NE(ErrorOf(bad), "parsed") << bad;
  }
}

TEST(Json, DepthIsBoundedAt256) {
  EXPECT_NE(Again(std::string(256, '[') + std::string(256, ']')).find("[["), std::string::npos);
  EXPECT_EQ(ErrorOf(std::string(257, '[') + std::string(257, ']')),
            "line 1, column 257: got '[', want at most 256 levels of arrays and objects");
  EXPECT_NE(ErrorOf(std::string(1 << 20, '[')), "parsed");
}

TEST(Json, DumpNeedsNoDeepStack) {
  Json value = 1;
  for (int i = 0; i < 5000; ++i) {
    Json outer = Json::Array();
    outer.Push(std::move(value));
    value = std::move(outer);
  }
  EXPECT_EQ(value.Dump().size(), 10001u);
}

TEST(Json, LargeObjectsStayLinear) {
  std::string text = "{";
  for (int i = 0; i < 100000; ++i) text += "\"key" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  text.back() = '}';
  Json value = *Json::Parse(text);
  EXPECT_EQ(value["key99999"].AsInt64(), 99999);
  EXPECT_EQ(value.Dump(), text);
  EXPECT_TRUE(value.Erase("key5"));
  EXPECT_FALSE(value.Has("key5"));
  EXPECT_EQ(value["key6"].AsInt64(), 6);
  EXPECT_TRUE(value == Json(value));
}

TEST(Json, StringsEscapeAsInPython) {
  const Json text = "\"\\/\b\f\n\r\t\x01\x7F\xC3\xA9\xF0\x9F\x98\x80";
  EXPECT_EQ(text.Dump(), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7F\xC3\xA9\xF0\x9F\x98\x80\"");
  EXPECT_EQ(Json("\xC3\xA9\xF0\x9F\x98\x80").Dump({.ascii_only = true}), "\"\\u00e9\\ud83d\\ude00\"");
  EXPECT_EQ(Json::Parse("\"\\ud83d\\ude00\\u0000\"")->AsString(), std::string("\xF0\x9F\x98\x80\0", 5));
  EXPECT_EQ(Json("a\xFFz").Dump(), "\"a\xEF\xBF\xBDz\"");
}

TEST(Json, StylesOfDump) {
  const Json value = *Json::Parse(R"({"b":[1,{}],"a":{"x":[]}})");
  EXPECT_EQ(value.Dump({.spaces = true}), R"({"b": [1, {}], "a": {"x": []}})");
  EXPECT_EQ(value.Dump({.spaces = true, .sort_keys = true}), R"({"a": {"x": []}, "b": [1, {}]})");
  EXPECT_EQ(value.DumpPretty(), "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": {\n    \"x\": []\n  }\n}");
}

TEST(Json, EqualityIgnoresOrderOfMembers) {
  EXPECT_TRUE(*Json::Parse(R"({"a":1,"b":[1.0]})") == *Json::Parse(R"({"b":[1],"a":1})"));
  EXPECT_FALSE(*Json::Parse(R"({"a":1})") == *Json::Parse(R"({"a":"1"})"));
}

TEST(NumberText, DoublesReadAsInPython) {
  EXPECT_EQ(DoubleText(0.1), "0.1");
  EXPECT_EQ(DoubleText(1), "1.0");
  EXPECT_EQ(DoubleText(-0.0), "-0.0");
  EXPECT_EQ(DoubleText(1e16), "1e+16");
  EXPECT_EQ(DoubleText(123456789012345.0), "123456789012345.0");
  EXPECT_EQ(DoubleText(1e15), "1000000000000000.0");
  EXPECT_EQ(DoubleText(0.0001), "0.0001");
  EXPECT_EQ(DoubleText(0.00001), "1e-05");
  EXPECT_EQ(DoubleText(5e-324), "5e-324");
  EXPECT_EQ(ParseDouble("1e-400"), 0.0);
  EXPECT_EQ(ParseDouble("12x"), std::nullopt);
}

}  // namespace
}  // namespace atelier
