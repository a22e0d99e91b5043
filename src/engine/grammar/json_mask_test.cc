// Masks, token by token: a bit is set exactly when the machine can read the token's bytes, and the machine reads
// nothing that it could not complete (json_random_test.cc).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/grammar/grammar.h"
#include "engine/grammar/grammar_vocabulary.h"
#include "engine/grammar/json_testing.h"
#include "engine/grammar/random_schema.h"

namespace atelier {
namespace {

// Tokens that cut JSON anywhere: all bytes, and random pieces of documents.
std::vector<std::string> Pieces(Random& random, RandomSchema& make) {
  std::vector<std::string> pieces;
  for (int byte = 0; byte < 256; ++byte) pieces.emplace_back(1, static_cast<char>(byte));
  const std::string_view more[] = {
      "\": \"",  "\",", "\"}",  "\\\"", "\\u00e9",   "\\u",   "é",    "\xc3",    "\xa9\"", "},{",
      "]",       "\":", "true", " \"",  "  ",        "\n  ",  "a\":", "ab\",\"", "b",      "c1",
      "{\"a\":", "x-",  "0.5",  "1,",   "\",\"a\":", "a\"\"", "\\/",  ""};
  for (const std::string_view piece : more) pieces.emplace_back(piece);
  while (pieces.size() < 1500) {
    const std::string text = random.Uniform() < 0.5 ? make.Value(3).Dump() : make.Value(3).DumpPretty();
    const size_t at = random.Below(text.size());
    pieces.push_back(text.substr(at, 1 + random.Below(12)));
  }
  return pieces;
}

TEST(JsonMask, ABitIsSetExactlyWhereTheTokenCanBeRead) {
  const int64_t num_schemas = FromEnvironment("ATELIER_RANDOM_SCHEMAS", 600);
  Random random(static_cast<uint64_t>(FromEnvironment("ATELIER_RANDOM_SEED", 42)));
  RandomSchema make(random);
  const auto vocabulary = std::make_shared<const GrammarVocabulary>(Pieces(random, make));
  const int32_t num_tokens = vocabulary->trie.num_tokens();
  std::vector<uint64_t> bits(static_cast<size_t>(num_tokens + 63) / 64);
  int64_t num_states = 0;
  for (int64_t i = 0; i < num_schemas; ++i) {
    GrammarSpec spec;
    spec.schema = make.Schema(1 + static_cast<int>(random.Below(3)));
    spec.style.any_whitespace = i % 2 == 0;
    spec.style.max_whitespace = i % 4 == 0 ? -1 : 2;
    spec.style.schema_order = i % 3 == 0;
    const auto grammar = CompileGrammar(spec, vocabulary);
    if (!grammar.ok()) continue;
    auto machine = MachineOf(spec.schema, spec.style);
    ASSERT_TRUE(machine.ok());
    JsonReader reader = ReaderOf(**machine);
    const auto constraint = (*grammar)->Start();
    for (int step = 0; step < 40; ++step) {
      constraint->Mask(bits);
      std::vector<int32_t> allowed;
      for (int32_t token = 0; token < num_tokens; ++token) {
        const std::string_view piece = vocabulary->trie.Piece(token);
        const bool bit = ((bits[static_cast<size_t>(token) / 64] >> (token % 64)) & 1) != 0;
        ASSERT_EQ(bit, !piece.empty() && reader.CanRead(reader.threads(), piece))
            << spec.schema.Dump() << "\nafter " << reader.text() << "\ntoken " << testing::PrintToString(piece)
            << "\nstyle " << i;
        if (bit) allowed.push_back(token);
      }
      ++num_states;
      ASSERT_EQ(constraint->CanEnd(), AtEnd(**machine, reader));
      ASSERT_TRUE(!allowed.empty() || constraint->CanEnd()) << spec.schema.Dump() << "\nafter " << reader.text();
      if (allowed.empty()) break;
      const int32_t token = allowed[random.Below(allowed.size())];
      ASSERT_TRUE(constraint->Accept(token));
      ASSERT_TRUE(reader.Read(vocabulary->trie.Piece(token)));
    }
  }
  EXPECT_GT(num_states, num_schemas * 5);
}

// Whether the mask after `begin` has exactly the tokens that can be read there.
void CheckBits(const char* schema, const char* begin, const std::vector<std::string>& pieces) {
  const auto vocabulary = std::make_shared<const GrammarVocabulary>(pieces);
  GrammarSpec spec;
  spec.schema = ParsedJson(schema);
  const auto grammar = CompileGrammar(spec, vocabulary);
  ASSERT_TRUE(grammar.ok()) << schema;
  const auto constraint = (*grammar)->Start();
  ASSERT_TRUE(constraint->AcceptBytes(begin)) << begin;
  std::vector<uint64_t> bits(1);
  constraint->Mask(bits);
  for (int32_t token = 0; token < vocabulary->trie.num_tokens(); ++token) {
    const auto fresh = (*grammar)->Start();
    ASSERT_TRUE(fresh->AcceptBytes(begin));
    EXPECT_EQ(((bits[0] >> token) & 1) != 0, fresh->Accept(token))
        << begin << " " << pieces[static_cast<size_t>(token)];
  }
}

TEST(JsonMask, TokensThatNameAMemberTwice) {
  CheckBits(R"({"type": "object"})", R"({"a)", {"\":1,\"a\"", "\":1,\"b\"", "\":1,\"ab\"", "b\":1,\"ab\"", "\":1,\"a"});
}

TEST(JsonMask, TokensThatBeginTheOnlyOtherName) {
  const char* schema = R"({"type": "object", "minProperties": 2, "propertyNames": {"pattern": "^(ab|c1)$"}})";
  CheckBits(schema, R"({"ab)", {"\":1,\"", "\":1,\"a", "\":1,\"c", "\":true,\"c1\"", "\":1,\"ab\"", "\":1, ", "\":1}"});
  CheckBits(schema, R"({"c1":1,"ab)", {"\":1,\"", "\":1,", "\":1}", "\": "});
}

TEST(JsonMask, WordsWithQuotesAreWrittenEscaped) {
  const std::vector<std::string> pieces = {"a\"\"", "a\"", "\"", "a", "b\"", "\\\"", "\\\"\"", "a\\\"\"", "\\\"b\""};
  for (const char* begin : {"\"", "\"a", "\"a\\\""}) {
    CheckBits(R"({"enum": ["a\"", "a\"b", "ab", "\"", "a\\"]})", begin, pieces);
  }
}

TEST(JsonMask, TokensThatBeginWithinACharacter) {
  const std::vector<std::string> pieces = {"\xa9\"", "\xa9\":1", "\xa8\":1", "\xa9", "\xa9\",\"b\"]", "\xa9\",1]"};
  CheckBits(R"({"type": "object"})", "{\"\xc3\xa9\":1,\"\xc3", pieces);
  CheckBits(R"({"uniqueItems": true})", "[\"a\xc3", pieces);
}

TEST(JsonMask, MembersThatTellObjectsApart) {
  const char* schema = R"({"uniqueItems": true, "items": {"type": "object", "additionalProperties": false,
      "properties": {"a": {"type": "string"}, "b": {"const": 1}}}})";
  const std::vector<std::string> pieces = {"\"",   "\"}",    "\",",  "\"}]", "\" ", "\",\"b\":1}",
                                           "x\"}", "x\",\"", "/\"}", "b",    "1}",  "\",\"c"};
  for (const char* begin : {R"([{"a":"x"},{"a":")", R"([{"a":"x"},{"a":"x)", R"([{"a":"x"},{"a":"x","b":1},{"a":")",
                            R"([{"a":"/","b":1},{"a":"\)", R"([{},{"a":"x"},{")"}) {
    CheckBits(schema, begin, pieces);
  }
}

TEST(JsonMask, NamesThatAreEscapedAreNoOthers) {
  const std::vector<std::string> pieces = {"\\n\":", "\\\"\":1", "\\/\":1", "/\":1", "\":1", "a", "\\n", "{\"", "b"};
  for (const char* begin : {R"({"a)", R"({"b)"}) {
    CheckBits(R"({"type": "object", "properties": {"a\n": {"type": "string"}, "a\"": {"type": "string"},
        "a/": {"type": "string"}}})",
              begin, pieces);
  }
}

}  // namespace
}  // namespace atelier
