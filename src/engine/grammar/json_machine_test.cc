#include "engine/grammar/json_machine.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/grammar/json_closing.h"
#include "engine/grammar/json_testing.h"

namespace atelier {
namespace {

struct Claim {
  const char* schema;
  std::vector<const char*> taken, refused;
};

void Check(const std::vector<Claim>& claims) {
  for (const Claim& claim : claims) {
    auto machine = MachineOf(ParsedJson(claim.schema));
    ASSERT_TRUE(machine.ok()) << claim.schema << ": " << machine.error().Message();
    for (const char* text : claim.taken) EXPECT_TRUE(Takes(**machine, text)) << claim.schema << " " << text;
    for (const char* text : claim.refused) EXPECT_FALSE(Takes(**machine, text)) << claim.schema << " " << text;
  }
}

TEST(JsonMachine, AnyJsonIsTakenAndNothingElse) {
  Check({{"true",
          {"null", "true", "-1.5e+3", R"("é\u00e9\ud83d\ude00\n")", R"( { "a" : [ 1 , { } ] } )", "[]", "0"},
          {"", "nul", "01", "+1", ".5", "1.", R"("\x")", R"("\ud83d")", "[1,]", R"({"a":1,})", R"({"a":1,"a":2})",
           R"({"a":1,"\u0061":2})", "'a'", "\"\t\"", "\"\xff\"", "1 2"}}});
}

TEST(JsonMachine, ObjectsHaveTheirMembersInAnyOrder) {
  Check({{R"({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"],
              "additionalProperties": false})",
          {R"({"a":1})", R"({"b":"x","a":1})", R"({"a":1,"b":""})"},
          {"{}", R"({"b":"x"})", R"({"a":"1"})", R"({"a":1,"c":2})", R"({"a":1,"a":2})", R"({"a":1.5})"}},
         {R"({"properties": {"a": {"type": "integer"}}, "patternProperties": {"^x": {"type": "string"}},
              "additionalProperties": {"type": "boolean"}, "minProperties": 1, "maxProperties": 2})",
          {R"({"a":1})", R"({"xa":"s","b":true})"},
          {"{}", R"({"xa":1})", R"({"b":1})", R"({"a":1,"b":true,"c":true})"}},
         {R"({"propertyNames": {"pattern": "^[a-z]+$"}, "dependentRequired": {"a": ["b", "c"]}})",
          {R"({"b":1})", R"({"a":1,"c":2,"b":3})"},
          {R"({"A":1})", R"({"a":1})", R"({"a":1,"b":2})"}},
         {R"({"dependentSchemas": {"a": {"properties": {"b": {"type": "integer"}}, "required": ["b"]}}})",
          {R"({"b":"x"})", R"({"a":1,"b":2})", R"({"b":2,"a":1})"},
          {R"({"a":1})", R"({"b":"x","a":1})"}}});
}

TEST(JsonMachine, ArraysCountTheirItems) {
  Check(
      {{R"({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false, "minItems": 1})",
        {R"(["a"])", R"(["a",1])"},
        {"[]", "[1]", R"(["a",1,2])"}},
       {R"({"items": {"type": "integer"}, "contains": {"minimum": 5}, "minContains": 2, "maxContains": 3})",
        {"[5,6]", "[1,5,2,6,7]"},
        {"[]", "[5,1]", "[5,6,7,8]", R"([5,6,"a"])"}},
       {R"({"prefixItems": [true], "contains": {"const": 7}, "unevaluatedItems": {"type": "null"}})",
        {"[1,7,null]", "[7]", "[null,null,7,7]"},
        {"[1,2]", "[1,null]", "[1,7,8]"}},
       {R"({"if": {"contains": {"const": "a"}}, "then": {"if": {"contains": {"const": "b"}}}, "unevaluatedItems": false})",
        {"[]", R"(["a","b","a"])", R"(["a"])"},
        {R"(["b"])", R"(["a","c"])", "[1]"}},
       {R"({"contains": {"type": "string"}, "minContains": 0, "maxContains": 1, "unevaluatedItems": {"const": 1}})",
        {"[]", "[1,1]", R"(["x",1])"},
        {R"(["x","y"])", "[2]", R"(["x",2])"}},
       {R"({"not": {"contains": {"const": 1}, "unevaluatedItems": false}})",
        {"[]", "[2]", "[1,2]"},
        {"[1]", "[1,1]", "{}"}},
       {R"({"$schema": "https://json-schema.org/draft/2019-09/schema", "contains": {"const": 1}, "unevaluatedItems": {"type": "string"}})",
        {},
        {"[1]", R"([1,"a"])", R"(["a"])"}},
       {R"({"contains": {"const": "a"}, "maxItems": 2})", {R"(["a"])", R"([1,"a"])"}, {"[]", "[1,2]", R"([1,2,"a"])"}},
       {R"({"uniqueItems": true})",
        {"[1,2]", R"([{"a":1},{"a":2}])", R"(["1",1])", "[[],[[]]]"},
        {"[1,1.0]", R"([{"a":1,"b":2},{"b":2,"a":1}])", R"(["a","a"])", "[null,null]"}},
       {R"({"uniqueItems": true, "items": {"enum": ["a", "b", "ab"]}})", {R"(["a","ab","b"])"}, {R"(["a","b","a"])"}}});
}

TEST(JsonMachine, NumbersAndStringsKeepTheirBounds) {
  Check({{R"({"type": "integer", "minimum": -3, "exclusiveMaximum": 20, "multipleOf": 2})",
          {"-2", "0", "18", "2.0", "1e1"},
          {"-4", "20", "3", "0.5", "1e2"}},
         {R"({"type": "number", "multipleOf": 0.01, "exclusiveMinimum": 0})",
          {"0.01", "12.5", "1e3"},
          {"0", "-1", "0.005"}},
         {R"({"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^a.*z$"})",
          {R"("az")", R"("aéz")"},
          {R"("a")", R"("abbz")", R"("abc")"}},
         {R"({"enum": ["red", 1, null, [1, {"a": 2}]]})",
          {R"("red")", "1.0", "null", R"([1,{"a":2}])"},
          {R"("re")", "2", R"([1,{"a":3}])", R"([1,{"a":2,"b":1}])"}}});
}

TEST(JsonMachine, CombinationsAreExact) {
  Check({{R"({"oneOf": [{"type": "object", "properties": {"d": {"type": "string"}}, "required": ["d"]},
                        {"type": "object", "properties": {"w": {"type": "number"}}, "required": ["w"]}]})",
          {R"({"d":"x"})", R"({"d":"x","w":"s"})", R"({"d":1,"w":1})"},
          {R"({"w":1,"d":"x"})", R"({"d":"x","w":1})", "{}"}},
         {R"({"not": {"properties": {"type": {"enum": ["t"]}}}})", {R"({"type":"u"})"}, {R"({"type":"t"})", "{}", "1"}},
         {R"({"if": {"properties": {"k": {"const": "a"}}, "required": ["k"]}, "then": {"required": ["x"]},
              "else": {"required": ["y"]}, "type": "object"})",
          {R"({"k":"a","x":1})", R"({"x":1,"k":"a"})", R"({"k":"b","y":1})", R"({"y":1})"},
          {R"({"k":"a","y":1})", R"({"k":"b","x":1})", "{}"}},
         {R"({"allOf": [{"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"not": {"required": ["a", "b"]}}],
              "type": "object"})",
          {R"({"a":1})", R"({"c":1,"b":1})"},
          {"{}", R"({"a":1,"b":1})"}},
         {R"({"not": {"items": {"type": "string"}}})", {"[1]", R"(["a",2])"}, {"[]", R"(["a"])", "3"}},
         {R"({"type": "object", "patternProperties": {"^[0-9]$": {"minItems": 2}}, "additionalProperties": false,
              "not": {"anyOf": [{"propertyNames": {"not": {"enum": ["1", "3"]}}},
                                {"propertyNames": {"not": {"enum": ["2", "3"]}}}]}, "maxProperties": 2})",
          {R"({"1":[1,2],"2":[3,4]})", R"({"3":1})"},
          {R"({"1":[1,2]})", R"({"1":[1],"2":[3,4]})", R"({"1":1,"2":2,"4":4})"}},
         {R"({"properties": {"a": true}, "anyOf": [{"properties": {"b": {"type": "string"}}, "required": ["b"]}, true],
              "unevaluatedProperties": false})",
          {R"({"a":1})", R"({"a":1,"b":"x"})"},
          {R"({"b":1})", R"({"a":1,"c":1})"}}});
}

TEST(JsonMachine, RecursionEndsWhereTheSchemaDoes) {
  Check({{R"({"$defs": {"tree": {"type": "object", "properties": {"v": {"type": "integer"},
              "c": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}, "required": ["v"],
              "additionalProperties": false}}, "$ref": "#/$defs/tree"})",
          {R"({"v":1,"c":[{"v":2},{"c":[],"v":3}]})"},
          {R"({"v":1,"c":[{}]})"}}});
}

TEST(JsonMachine, TheWayToTheEndPutsNothingOffForEver) {
  auto machine = MachineOf(ParsedJson(R"({"type": "array", "items": {"type": "object"},
      "not": {"items": {"type": "object", "patternProperties": {"^(ab|c1)$": false}}, "minItems": 2}})"));
  ASSERT_TRUE(machine.ok());
  JsonReader reader = ReaderOf(**machine);
  JsonClosing closing(**machine);
  ASSERT_TRUE(reader.Read("[{},{"));
  for (std::string next = "?"; !next.empty() && reader.text().size() < 60;) {
    next = closing.Next(reader.threads(), reader.text());
    ASSERT_TRUE(reader.Read(next)) << reader.text() << next;
  }
  EXPECT_TRUE(AtEnd(**machine, reader)) << reader.text();
}

// With `unevaluated…` alternatives are told apart, so that two places of one value may have different goals.
TEST(JsonMachine, PlacesOfOneValueCannotBothHaveItWhereItemsDiffer) {
  for (const char* values : {"[null, null]", "[1, 1.0]", R"(["a", "a"])", "[true, true]"}) {
    const std::string schema = R"({"uniqueItems": true, "anyOf": [{"oneOf": [{"enum": [)" + std::string(values) +
                               R"(]}]}, {"unevaluatedProperties": true, "anyOf": [{"enum": [[0, 0]]}]}]})";
    EXPECT_FALSE(MachineOf(ParsedJson(schema)).ok()) << schema;
  }
  Check({{R"({"uniqueItems": true, "anyOf": [{"oneOf": [{"enum": [[1, "1"]]}]}, {"unevaluatedProperties": true,
              "anyOf": [{"enum": [[0, 0]]}]}]})",
          {R"([1,"1"])"},
          {"[0,0]", "[1]"}}});
}

// They cannot go on until they differ: what tells them apart is decided member by member.
TEST(JsonMachine, ObjectsWithoutFurtherPropertiesDifferAsItems) {
  const char* pair = R"({"uniqueItems": true, "items": {"type": "object", "additionalProperties": false,
      "properties": {"a": {"type": "string"}, "b": {"type": "boolean"}}}})";
  const char* needed = R"({"uniqueItems": true, "items": {"type": "object", "additionalProperties": false,
      "properties": {"b": {"const": 1}, "a": {"type": "integer"}}, "required": ["a", "b"]}})";
  const char* nested = R"({"uniqueItems": true, "items": {"$ref": "#/$defs/node"}, "$defs": {"node": {
      "type": "object", "additionalProperties": false, "properties": {"next": {"$ref": "#/$defs/node"},
      "of": {"type": "array", "items": {"const": 1}}}}}})";
  Check({{pair,
          {"[]", "[{}]", R"([{"a":"x"},{"a":"y"},{"b":true},{"b":false},{}])",
           R"([{"a":"x","b":true},{"b":false,"a":"x"}])"},
          {"[{},{}]", R"([{"a":"x"},{"a":"x"}])", R"([{"a":"x","b":true},{"b":true,"a":"\u0078"}])", R"([{"c":1}])"}},
         {needed, {R"([{"a":1,"b":1},{"b":1,"a":2}])"}, {R"([{"a":1,"b":1},{"b":1.0,"a":1.0}])", R"([{"a":1}])"}},
         {nested,
          {R"([{"next":{"of":[1]}},{"next":{"of":[]}},{"next":{}},{}])", R"([{"of":[1]},{"of":[1,1]}])"},
          {R"([{"next":{"of":[1]}},{"next":{"of":[1]}}])", R"([{"of":[1]},{"of":[1]}])",
           R"([{"next":{}},{"next":{}}])"}}});
  Check({{R"({"uniqueItems": true, "contains": {"type": "object", "additionalProperties": false,
              "properties": {"a": {"type": "string"}}, "patternProperties": {"^b$": true}}})",
          {R"([{"a":"x"},{"b":1},{"b":2,"a":"x"}])", R"([{"c":1},{}])"},
          {R"([{"b":1},{"b":1}])", R"([{"c":1}])"}}});
  // What is begun can be ended, and no further than that: the last member is named only where it still tells.
  auto machine = MachineOf(ParsedJson(pair));
  ASSERT_TRUE(machine.ok());
  JsonReader reader = ReaderOf(**machine);
  ASSERT_TRUE(reader.Read(R"([{"a":"x"},{"a":"x","b":true},{"a":"x","b":false},{"b":true},{)"));
  EXPECT_TRUE(reader.CanRead(reader.threads(), R"("b":false})"));
  EXPECT_TRUE(reader.CanRead(reader.threads(), R"("b":true,"a":"y"})"));
  EXPECT_FALSE(reader.CanRead(reader.threads(), R"("b":true})"));
  EXPECT_FALSE(reader.CanRead(reader.threads(), R"("b":true,"a":"x")"));
  EXPECT_FALSE(reader.CanRead(reader.threads(), R"("a":"x")"));
  EXPECT_TRUE(reader.CanRead(reader.threads(), R"("a":"xy"})"));
}

// Which of many combinations is refused, and by which place, follows from this order.
TEST(JsonMachine, SchemasAreCombinedInTheOrderOfTheDocumentWhereverTheyLieInMemory) {
  const Json schema = ParsedJson(R"({"allOf": [{"minimum": 1}, {"minimum": 2}, {"minimum": 3}, {"minimum": 4}]})");
  ASSERT_TRUE(SchemaDocument::Parse(schema).ok());  // and let go of: what comes next lies where these did, in any order
  const auto document = SchemaDocument::Parse(schema);
  ASSERT_TRUE(document.ok());
  Languages languages;
  JsonGoals goals(**document, languages, /*formats=*/true, /*all_spellings=*/true);
  std::vector<SchemaLiteral> literals;
  std::vector<const SchemaNode*> in_order, combined;
  for (const SchemaNode& node : (*document)->nodes()) {
    literals.insert(literals.begin(), {&node, true});
    in_order.push_back(&node);
  }
  for (const SchemaLiteral literal : goals.Literals(goals.Intern(literals))) combined.push_back(literal.node);
  EXPECT_EQ(combined, in_order);
}

TEST(JsonMachine, WhatNothingCanKeepIsRefusedByKeywordAndPlace) {
  const std::pair<const char*, const char*> refused[] = {
      {R"({"properties": {"a": {"pattern": "(a)\\1"}}})", "#/properties/a/pattern"},
      {R"({"type": "string", "minLength": 3, "maxLength": 2})", "no value satisfies"},
      {R"({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}})", "no value satisfies"},
      {R"({"not": {"uniqueItems": true}})", "#/not/uniqueItems"},
      {R"({"uniqueItems": true, "items": {"type": "array", "prefixItems": [false]}})", "#/uniqueItems"},
      {R"({"uniqueItems": true, "items": {"properties": {"a": {"type": "boolean"}}, "type": "object",
           "additionalProperties": false}})",
       "#/uniqueItems"},
      {R"({"type": "array", "prefixItems": [{}], "items": {"const": null}, "minItems": 2, "uniqueItems": true})",
       "#/uniqueItems"},
  };
  for (const auto& [schema, named] : refused) {
    const auto machine = MachineOf(ParsedJson(schema));
    ASSERT_FALSE(machine.ok()) << schema;
    EXPECT_NE(machine.error().Message().find(named), std::string::npos) << machine.error().Message();
  }
}

TEST(JsonMachine, UniquePlacesOfFewValuesThatNoOtherTakes) {
  Check({{R"({"type": "array", "prefixItems": [{"type": "string"}], "items": {"enum": [1, 2]}, "minItems": 3,
           "uniqueItems": true})",
          {R"(["a",1,2])"},
          {R"(["a",1])", R"(["a",1,1])", R"(["a",1,2,3])"}}});
}

TEST(JsonMachine, ADeadEndIsNeverEntered) {
  // The only value of `a` needs a third member, and two is the most: `a` may not begin.
  auto machine =
      MachineOf(ParsedJson(R"({"type": "object", "properties": {"a": {"type": "integer"}, "b": true, "c": true},
      "dependentRequired": {"a": ["b", "c"]}, "maxProperties": 2, "additionalProperties": false})"));
  ASSERT_TRUE(machine.ok());
  JsonReader reader = ReaderOf(**machine);
  EXPECT_FALSE(reader.Read(R"({"a)"));
  EXPECT_TRUE(reader.Read(R"({"b":1,"c":2)"));
  EXPECT_FALSE(reader.Read(","));
}

// Nothing of the table comes behind another name, so that one must leave members enough.
TEST(JsonMachine, OtherNamesInTheSchemasOrderLeaveMembersEnough) {
  auto machine = MachineOf(ParsedJson(R"({"type": "object", "properties": {"c": {"const": 1}}, "minProperties": 2,
      "propertyNames": {"enum": ["a", "c"]}})"),
                           JsonStyle::Served());
  ASSERT_TRUE(machine.ok());
  JsonReader reader = ReaderOf(**machine);
  EXPECT_FALSE(reader.CanRead(reader.threads(), R"({"a)"));
  EXPECT_TRUE(Takes(**machine, R"({"c":1,"a":2})"));
}

// However large a schema is, combining its alternatives ends.
TEST(JsonMachine, TooMuchWorkIsRefused) {
  Json all = Json::Array();
  for (int i = 0; i < 300; ++i) {
    const Json kind = Json::Object({{"kind", Json::Object({{"const", "k" + std::to_string(i)}})}});
    Json members = Json::Object();
    for (int n = 0; n < 20; ++n) members.Set("m" + std::to_string(i) + "_" + std::to_string(n), Json::Object());
    all.Push(Json::Object({{"if", Json::Object({{"properties", kind}, {"required", Json::Array({"kind"})}})},
                           {"then", Json::Object({{"properties", members}})}}));
  }
  const auto machine = MachineOf(Json::Object({{"type", "object"}, {"allOf", all}}));
  ASSERT_FALSE(machine.ok());
  EXPECT_NE(machine.error().Message().find("combinations"), std::string::npos) << machine.error().Message();
}

TEST(JsonMachine, ServedStyleIsCompactOrder) {
  const JsonStyle style{
      .any_whitespace = false, .max_whitespace = 8, .schema_order = true, .numbers = NumberSpelling::kPlain};
  auto machine = MachineOf(ParsedJson(R"({"type": "object", "properties": {"a": {"type": "integer"}, "b": true},
      "required": ["a", "b"]})"),
                           style);
  ASSERT_TRUE(machine.ok());
  for (const char* text : {R"({"a":1,"b":2})", R"({"a": 1, "b": 2})", "{\n  \"a\": 1,\n  \"b\": [\n    1\n  ]\n}"}) {
    EXPECT_TRUE(Takes(**machine, text)) << text;
  }
  for (const char* text :
       {R"({"b":2,"a":1})", R"( {"a":1,"b":2})", R"({"a" :1,"b":2})", R"({"a":1 ,"b":2})", R"({"a":  1,"b":2})",
        R"({"a":1.0,"b":2})", "{\n\n\"a\":1,\"b\":2}", "{\"a\":\n1,\"b\":2}"}) {
    EXPECT_FALSE(Takes(**machine, text)) << text;
  }
}

// What a pattern takes stands between all tokens, and nothing else does.
TEST(JsonMachine, WhiteSpaceByAPattern) {
  const Json schema = ParsedJson(R"({"type": "object", "properties": {"a": {"type": "array"}, "b": true},
      "required": ["a"]})");
  const auto with = [&](const char* pattern) {
    return std::move(MachineOf(schema, {.any_whitespace = false, .whitespace_pattern = pattern})).value();
  };
  const auto optional = with("( |\\n {0,2})?");
  for (const char* text : {R"({"a":[1,2],"b":{}})", "{ \"a\" : [ 1 , 2 ] , \"b\" : {\n} }", "{\n  \"a\":[\n ]\n}"}) {
    EXPECT_TRUE(Takes(*optional, text)) << text;
  }
  for (const char* text : {R"( {"a":[]})", R"({"a":[]} )", R"({  "a":[]})", "{\n   \"a\":[]}", "{\t\"a\":[]}"}) {
    EXPECT_FALSE(Takes(*optional, text)) << text;
  }
  const auto needed = with("[ \\n]{1,2}");
  EXPECT_TRUE(Takes(*needed, "{ \"a\" : [ 1\n, 2  ] }"));
  EXPECT_TRUE(Takes(*needed, "{ \"a\" : [ ] }"));
  for (const char* text : {R"({"a" : [ ] })", R"({ "a": [ ] })", R"({ "a" : []})", R"({ "a" : [ 1] })"}) {
    EXPECT_FALSE(Takes(*needed, text)) << text;
  }
  EXPECT_TRUE(Takes(*with("\\s*"), "{ \"a\"\t:\r\n [] }"));
  EXPECT_FALSE(Takes(*with("\\s*"), "{\u00A0\"a\":[]}"));
  EXPECT_TRUE(Takes(*with(""), R"({"a":[1],"b":2})"));
  EXPECT_FALSE(Takes(*with(""), R"({"a": [1]})"));
}

TEST(JsonMachine, PatternsOfNoWhiteSpaceAreRefused) {
  for (const char* pattern : {"x", "[ ]{300}", "a^", "(", "\\u00A0"}) {
    const auto machine = MachineOf(ParsedJson("{}"), {.whitespace_pattern = pattern});
    ASSERT_FALSE(machine.ok()) << pattern;
    EXPECT_TRUE(machine.error().where.starts_with("whitespace_pattern")) << machine.error().Message();
  }
}

// [JSON Schema draft 4, 3.5: an integer is a number without a fraction or exponent part]
TEST(JsonMachine, DraftFourHasNoIntegersWithAFraction) {
  const std::string four = R"("$schema": "http://json-schema.org/draft-04/schema#", )";
  const std::string both = R"("anyOf": [{"type": "integer"}, {"minimum": 5.5}]})";
  Check({{("{" + four + R"("type": "integer", "maximum": 20})").c_str(), {"1", "-7", "20"}, {"1.0", "10e0", "1.5"}},
         {("{" + four + R"("type": "number", "multipleOf": 1})").c_str(), {"1", "1.0"}, {"1.5"}},
         {("{" + four + R"("not": {"type": "integer"}})").c_str(), {"1.5"}, {"1"}},
         {("{" + four + both).c_str(), {"1", "7", "7.0", "6.5"}, {"1.0", "1.5", "5.25"}},
         {("{" + both).c_str(), {"1", "7", "7.0", "6.5", "1.0"}, {"1.5", "5.25"}}});
}

// However many ways there are to read a text, they are read together.
TEST(JsonMachine, WaysToReadATextDoNotMultiply) {
  const std::string two_ways = R"({"anyOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": true}})";
  auto rows = MachineOf(ParsedJson(R"({"items": )" + two_ways + "}"));
  ASSERT_TRUE(rows.ok());
  JsonReader reader = ReaderOf(**rows);
  ASSERT_TRUE(reader.Read("["));
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(reader.Read(R"({"a": [], "b": {}}, )"));
  EXPECT_LE(reader.threads().size(), 4U);
  EXPECT_TRUE(reader.Read("{}]") == false && reader.Read(R"({"b": 0}])") && AtEnd(**rows, reader));

  const std::string tree = R"({"anyOf": [{"required": ["a"]}, {"required": ["b"]}],
      "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}, "type": ["object", "null"]})";
  auto nested = MachineOf(ParsedJson(tree));
  ASSERT_TRUE(nested.ok());
  JsonReader deep = ReaderOf(**nested);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(deep.Read(R"({"a":)"));
  EXPECT_LE(deep.threads().size(), 4U);
}

// Of the ways to meet what is demanded of some member, those that met more stand for those that met less.
TEST(JsonMachine, AMemberThatIsDemandedIsSoughtOnce) {
  auto machine = MachineOf(ParsedJson(R"({"not": {"additionalProperties": {"type": "string"}}})"));
  ASSERT_TRUE(machine.ok());
  JsonReader reader = ReaderOf(**machine);
  ASSERT_TRUE(reader.Read("{"));
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(reader.Read("\"a" + std::to_string(i) + "\": 1, "));
  EXPECT_LE(reader.threads().size(), 2U);
  EXPECT_TRUE(reader.Read(R"("b": ""})") && AtEnd(**machine, reader));
}

// Names of which some cannot have it do not put it off.
TEST(JsonMachine, TheWayToTheEndNamesAMemberThatCanBeWhatIsDemanded) {
  const Json schema = ParsedJson(R"({"type": "object", "patternProperties": {"^.{2}$": {"type": "object"}},
      "additionalProperties": {"type": "integer"}, "not": {"additionalProperties": {"type": "integer"}}})");
  for (const JsonStyle& style : {JsonStyle{}, JsonStyle::Served()}) {
    auto machine = MachineOf(schema, style);
    ASSERT_TRUE(machine.ok());
    JsonClosing closing(**machine);
    JsonReader reader = ReaderOf(**machine);
    ASSERT_TRUE(reader.Read("{"));
    for (int i = 0; i < 20 && !AtEnd(**machine, reader); ++i) {
      const std::string next = closing.Next(reader.threads(), reader.text());
      ASSERT_TRUE(reader.Read(next)) << reader.text() << next;
    }
    EXPECT_TRUE(AtEnd(**machine, reader)) << reader.text();
  }
}

}  // namespace
}  // namespace atelier
