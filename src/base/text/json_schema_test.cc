#include "base/text/json_schema.h"

#include <gtest/gtest.h>

namespace atelier {
namespace {

std::shared_ptr<const SchemaDocument> Read(std::string_view text) {
  auto document = SchemaDocument::Parse(*Json::Parse(text));
  EXPECT_TRUE(document.ok()) << text << ": " << (document.ok() ? "" : document.error().Message());
  static const auto empty = *SchemaDocument::Parse(Json(true));
  return document.ok() ? *document : empty;
}

std::string ErrorOf(std::string_view text) {
  const auto document = SchemaDocument::Parse(*Json::Parse(text));
  return document.ok() ? "read" : std::string(ErrorKindName(document.error().kind)) + " " + document.error().Message();
}

TEST(JsonSchema, KeywordsBecomeFields) {
  const auto document = Read(R"({"type": ["integer", "string"], "enum": [1, "a"], "const": 1, "minimum": 1.50,
      "minLength": 2.0, "pattern": "^a", "format": "date", "items": {"type": "number"}, "prefixItems": [true, false],
      "properties": {"b": {}, "a/~": {"type": "null"}}, "required": ["b", "b", "c"], "minContains": 2})");
  const SchemaNode& root = document->root();
  EXPECT_EQ(root.types, kSchemaInteger | kSchemaString);
  EXPECT_EQ(root.enum_values->size(), 2u);
  EXPECT_EQ(*root.const_value, Json(1));
  EXPECT_EQ(root.minimum->Text(), "1.5");
  EXPECT_EQ(root.min_length, 2);
  EXPECT_EQ(root.pattern, "^a");
  EXPECT_EQ(root.format, "date");
  EXPECT_EQ(root.items->types, kSchemaNumber | kSchemaInteger);
  EXPECT_TRUE(root.prefix_items[1]->never);
  EXPECT_TRUE(root.prefix_items[0]->HasNoKeyword());
  EXPECT_EQ(root.properties[0].first, "b");
  EXPECT_EQ(root.properties[1].second->path, "#/properties/a~1~0");
  EXPECT_EQ(root.required, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(root.min_contains, std::nullopt);  // without contains it says nothing
  EXPECT_FALSE(root.HasNoKeyword());
}

TEST(JsonSchema, OldSpellingsAreMapped) {
  const auto four =
      Read(R"({"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 3, "exclusiveMinimum": true,
      "maximum": 9, "exclusiveMaximum": false, "items": [{"type": "string"}], "additionalItems": false,
      "dependencies": {"a": ["b"], "c": {"minProperties": 2}}, "const": 5})");
  EXPECT_EQ(four->root().exclusive_minimum, Decimal(3));
  EXPECT_FALSE(four->root().minimum);
  EXPECT_EQ(four->root().maximum, Decimal(9));
  EXPECT_EQ(four->root().prefix_items.size(), 1u);
  EXPECT_TRUE(four->root().items->never);
  EXPECT_EQ(four->root().dependent_required[0].second, std::vector<std::string>{"b"});
  EXPECT_EQ(four->root().dependent_schemas[0].second->min_properties, 2);
  EXPECT_FALSE(four->root().enum_values);  // draft 4 does not know `const`

  const auto seven =
      Read(R"({"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"type": "null"}},
      "properties": {"x": {"$ref": "#/definitions/a", "type": "string"}}})");
  EXPECT_EQ(seven->root().properties[0].second->types, kSchemaAnyType);  // nothing counts beside $ref
  EXPECT_EQ(seven->root().properties[0].second->ref->types, kSchemaNull);

  EXPECT_EQ(Read(R"({"type": "string", "nullable": true})")->root().types, kSchemaString | kSchemaNull);
  EXPECT_EQ(Read(R"({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "string", "nullable": true})")
                ->root()
                .types,
            kSchemaString);
  const auto three = Read(R"({"$schema": "http://json-schema.org/draft-03/schema#", "divisibleBy": 2, "type": "any",
      "properties": {"a": {"required": true}, "b": {"required": false}}, "extends": {"minimum": 1}})");
  EXPECT_EQ(three->root().multiple_of, Decimal(2));
  EXPECT_EQ(three->root().required, std::vector<std::string>{"a"});
  EXPECT_EQ(three->root().all_of.size(), 1u);
}

TEST(JsonSchema, MetaschemasThatNobodyKnowsAreRefused) {
  EXPECT_EQ(ErrorOf(R"({"$schema": "https://example.com/mine"})"),
            "unsupported #/$schema: got \"https://example.com/mine\", which may give keywords any meaning; want a "
            "draft of JSON Schema");
  EXPECT_EQ(ErrorOf(R"({"$schema": "http://json-schema.org/draft-04/hyper-schema#", "const": 1})"), "read");
  EXPECT_EQ(ErrorOf(R"({"$schema": "http://json-schema.org/schema#"})"), "read");
}

TEST(JsonSchema, MalformedKeywordsAreNamed) {
  EXPECT_EQ(ErrorOf("5"), "invalid #: got a number, want a schema: an object or a boolean");
  EXPECT_EQ(ErrorOf(R"({"properties": {"a": {"multipleOf": 0}}})"),
            "invalid #/properties/a/multipleOf: got 0, want a number above 0");
  EXPECT_EQ(ErrorOf(R"({"type": "float"})"),
            "invalid #/type: got \"float\", want null, boolean, integer, number, string, array, object, or an array of "
            "these");
  EXPECT_EQ(ErrorOf(R"({"type": []})"), "invalid #/type: got no type, want at least one");
  EXPECT_EQ(ErrorOf(R"({"items": {"required": true}})"),
            "invalid #/items/required: got true, want an array of property names");
  EXPECT_EQ(ErrorOf(R"({"minLength": -1})"), "invalid #/minLength: got -1, want an integer of at least 0");
  EXPECT_EQ(ErrorOf(R"({"minLength": 1.5})"), "invalid #/minLength: got 1.5, want an integer of at least 0");
  EXPECT_EQ(ErrorOf(R"({"minimum": "3"})"), "invalid #/minimum: got \"3\", want a number");
  EXPECT_EQ(ErrorOf(R"({"exclusiveMinimum": true})"),
            "invalid #/exclusiveMinimum: got true without minimum, want a number");
  EXPECT_EQ(ErrorOf(R"({"anyOf": []})"), "invalid #/anyOf: got no schema, want at least one");
  EXPECT_EQ(ErrorOf(R"({"allOf": [{}, 3]})"), "invalid #/allOf/1: got a number, want a schema: an object or a boolean");
  EXPECT_EQ(ErrorOf(R"({"dependentRequired": {"a": [1]}})"),
            "invalid #/dependentRequired/a: got 1, want property names alone");
  EXPECT_EQ(ErrorOf(R"({"enum": "a"})"), "invalid #/enum: got \"a\", want an array");
  EXPECT_EQ(ErrorOf(R"({"multipleOf": 1)" + std::string(1200, '3') + "}"),
            "too_large #/multipleOf: got 1201 digits, want at most 1000");
}

TEST(JsonSchema, ReferencesLeadSomewhere) {
  const auto document = Read(R"({"$defs": {"a%b": {"x/y": {"const": 1}}, "n": {"$anchor": "here", "const": 2}},
      "properties": {"p": {"$ref": "#/$defs/a%25b/x~1y"}, "q": {"$ref": "#here"}, "r": {"$ref": "#/properties/q"},
      "s": {"$ref": "#"}}})");
  EXPECT_EQ(document->root().properties[0].second->ref->path, "#/$defs/a%b/x~1y");
  EXPECT_EQ(document->root().properties[1].second->ref->enum_values->front(), Json(2));
  EXPECT_EQ(document->root().properties[2].second->ref, document->root().properties[1].second);
  EXPECT_EQ(document->root().properties[3].second->ref, &document->root());

  const auto aliased = Read(R"({"properties": {"a": {"id": "#foo", "const": 1}, "b": {"$ref": "#foo"}}})");
  EXPECT_EQ(aliased->root().properties[1].second->ref, aliased->root().properties[0].second);

  EXPECT_EQ(ErrorOf(R"({"$ref": "#/$defs/x"})"),
            "invalid #/$ref: got \"#/$defs/x\", but there is nothing at # by the name \"$defs\"");
  EXPECT_EQ(ErrorOf(R"({"$ref": "#x"})"), "invalid #/$ref: got \"#x\", but no schema here has that anchor");
  EXPECT_EQ(ErrorOf(R"({"items": {"$ref": "http://example.com/s.json"}})"),
            "unsupported #/items/$ref: got \"http://example.com/s.json\", which is another document; want a schema of "
            "this one");
  EXPECT_EQ(ErrorOf(R"({"$ref": 5})"), "invalid #/$ref: got 5, want a reference");
  EXPECT_EQ(ErrorOf(R"({"$ref": "#/%zz"})"),
            "invalid #/$ref: got \"#/%zz\", want a fragment with well formed percents");
  EXPECT_EQ(ErrorOf(R"({"$ref": "#a", "$defs": {"x": {"$anchor": "a"}, "y": {"$anchor": "a"}}})"),
            "invalid #/$ref: got \"#a\", which is the anchor of two schemas");
}

TEST(JsonSchema, SchemasThatApplyThemselvesAreRefused) {
  EXPECT_EQ(ErrorOf(R"({"$ref": "#"})"), "invalid #/$ref: got a reference to this very schema");
  EXPECT_EQ(
      ErrorOf(R"({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/a"}]}},
      "$ref": "#/$defs/a"})"),
      "invalid #/$defs/b/anyOf/1: got a schema that leads back to itself without going into a value (#/$defs/a)");
  EXPECT_EQ(ErrorOf(R"({"not": {"$ref": "#"}})"),
            "invalid #/not: got a schema that leads back to itself without going into a value (#)");
  EXPECT_EQ(ErrorOf(R"({"anyOf": [{"type": "null"}, {"items": {"$ref": "#"}}]})"), "read");
  std::string chain = R"({"$ref": "#/$defs/0", "$defs": {)";
  for (int i = 0; i < 300; ++i) {
    chain += '"' + std::to_string(i) + R"(": {"$ref": "#/$defs/)" + std::to_string(i + 1) + "\"}, ";
  }
  EXPECT_EQ(ErrorOf(chain + "\"300\": {}}}").substr(0, 60),
            "too_large #/$defs/43: got over 256 schemas within each other");
}

TEST(JsonSchema, DynamicReferencesBecomePlainOnes) {
  const auto document = Read(R"({"$id": "https://example.com/root", "properties": {"n": {"$ref": "numbers"},
      "s": {"$ref": "strings"}}, "$defs": {
      "list": {"$id": "list", "items": {"$dynamicRef": "#item"}, "$defs": {"d": {"$dynamicAnchor": "item"}}},
      "numbers": {"$id": "numbers", "$ref": "list", "$defs": {"i": {"$dynamicAnchor": "item", "type": "number"}}},
      "strings": {"$id": "strings", "$ref": "list", "$defs": {"i": {"$dynamicAnchor": "item", "type": "string"}}}}})");
  const auto item_types = [&](size_t property) {
    return document->root().properties[property].second->ref->ref->items->ref->types;
  };
  EXPECT_EQ(item_types(0), kSchemaNumber | kSchemaInteger);
  EXPECT_EQ(item_types(1), kSchemaString);
}

TEST(JsonSchema, MetaschemasAreBundled) {
  const auto document = Read(R"({"$ref": "https://json-schema.org/draft/2020-12/schema"})");
  EXPECT_LT(document->num_nodes(), 300);
  EXPECT_EQ(document->root().ref->path, "https://json-schema.org/draft/2020-12/schema#");
}

TEST(JsonSchema, SizeIsBounded) {
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += R"({"items":)";
  EXPECT_EQ(ErrorOf(deep + "{}" + std::string(200, '}')), "read");
  Json value = Json::Object();
  for (int i = 0; i < 300; ++i) value = Json::Object({{"not", Json::Object({{"items", std::move(value)}})}});
  EXPECT_EQ(SchemaDocument::Parse(value).error().kind, ErrorKind::kTooLarge);

  // Each level reads the next in two scopes: without a bound these would be 2^30 schemas.
  std::string doubling = R"({"$id": "https://example.com/", "$ref": "l0", "$defs": {)";
  for (int i = 0; i < 30; ++i) {
    const std::string n = std::to_string(i), next = "l" + std::to_string(i + 1);
    doubling += R"("a)" + n + R"(": {"$id": "a)" + n + R"(", "items": {"$ref": ")" + next +
                R"("}, "$defs": {"d": {"$dynamicAnchor": "n)" + n + R"("}}},)";
    doubling += R"("l)" + n + R"(": {"$id": "l)" + n + R"(", "prefixItems": [{"$ref": "a)" + n + R"("}, {"$ref": ")" +
                next + R"("}]},)";
    doubling += R"("r)" + n + R"(": {"$id": "r)" + n + R"(", "$dynamicAnchor": "n)" + n + R"(", "$dynamicRef": "#n)" +
                n + R"("},)";
  }
  EXPECT_EQ(ErrorOf(doubling + R"("l30": {"$id": "l30"}}})").substr(0, 9), "too_large");

  // Few scopes, but each copies the names of the one before.
  std::string wide = R"({"$id": "https://example.com/", "$ref": "r0", "$defs": {)";
  for (int i = 0; i < 900; ++i) {
    const std::string n = std::to_string(i);
    wide +=
        R"("a)" + n + R"(": {"$dynamicAnchor": "n)" + n + R"("}, "b)" + n + R"(": {"$dynamicRef": "#n)" + n + R"("},)";
    wide += R"("r)" + n + R"(": {"$id": "r)" + n + R"(", "items": {"$ref": "r)" + std::to_string(i + 1) + R"("}},)";
  }
  EXPECT_EQ(ErrorOf(wide + R"("r900": {"$id": "r900"}}})").substr(0, 9), "too_large");
}

}  // namespace
}  // namespace atelier
