#include "agent/protocol/mcp.h"

#include <gtest/gtest.h>

namespace atelier {
namespace {

TEST(McpHeader, WrapsWhatAHeaderCannotCarry) {
  // The specification's own examples.
  EXPECT_EQ(EncodeMcpHeader("us-west1"), "us-west1");
  EXPECT_EQ(EncodeMcpHeader("Hello, 世界"), "=?base64?SGVsbG8sIOS4lueVjA==?=");
  EXPECT_EQ(EncodeMcpHeader(" padded "), "=?base64?IHBhZGRlZCA=?=");
  EXPECT_EQ(EncodeMcpHeader("line1\nline2"), "=?base64?bGluZTEKbGluZTI=?=");
  EXPECT_EQ(EncodeMcpHeader("=?base64?literal?="), "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=");
  for (const char* text : {"", "a b", "\t", "=?base64?", "?=", "=?base64?x", "\x01", "é"}) {
    EXPECT_EQ(*DecodeMcpHeader(EncodeMcpHeader(text)), text);
  }
  EXPECT_FALSE(DecodeMcpHeader("=?base64?SGVsbG8?="));
  EXPECT_FALSE(DecodeMcpHeader("=?base64?SGVs!!!bG8=?="));
  EXPECT_EQ(*DecodeMcpHeader("SGVsbG8="), "SGVsbG8=");
}

Result<std::vector<McpMirroredParameter>> Mirrored(const char* schema) {
  return MirroredParameters(*Json::Parse(schema));
}

TEST(McpMirroredParameters, AreReadWhereAChainOfPropertiesLeads) {
  const auto found = Mirrored(R"({"type":"object","properties":{"a":{"type":"string","x-mcp-header":"A"},
      "b":{"type":"object","properties":{"c":{"type":"integer","x-mcp-header":"B-C"}}}}})");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[1].path, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(MirroredValue((*found)[1], *Json::Parse(R"({"b":{"c":42}})")), "42");
  EXPECT_EQ(MirroredValue((*found)[0], *Json::Parse(R"({"b":{"c":42}})")), std::nullopt);
  EXPECT_EQ(MirroredValue((*found)[0], *Json::Parse(R"({"a":null})")), std::nullopt);
  EXPECT_TRUE(Mirrored(R"({"type":"object","properties":{"a":{"type":"string"}}})")->empty());
  EXPECT_TRUE(Mirrored("true")->empty());
}

TEST(McpMirroredParameters, AreRefusedAnywhereElse) {
  for (const char* schema : {
           R"({"properties":{"a":{"type":"number","x-mcp-header":"A"}}})",
           R"({"properties":{"a":{"x-mcp-header":"A"}}})",
           R"({"properties":{"a":{"type":"string","x-mcp-header":""}}})",
           R"({"properties":{"a":{"type":"string","x-mcp-header":"a b"}}})",
           R"({"properties":{"a":{"type":"string","x-mcp-header":"a\r\nb"}}})",
           R"({"properties":{"a":{"type":"string","x-mcp-header":7}}})",
           R"({"properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}})",
           R"({"properties":{"a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}}})",
           R"({"anyOf":[{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}]})",
           R"({"$defs":{"d":{"type":"string","x-mcp-header":"A"}},"properties":{"a":{"$ref":"#/$defs/d"}}})",
           R"({"type":"string","x-mcp-header":"A"})",
       }) {
    EXPECT_FALSE(Mirrored(schema)) << schema;
  }
}

}  // namespace
}  // namespace atelier
