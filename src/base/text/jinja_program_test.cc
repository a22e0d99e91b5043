#include "base/text/jinja_program.h"

#include <gtest/gtest.h>

namespace atelier {
namespace {

std::string Read(std::string_view source) {
  std::string all;
  const auto references = JinjaProgram::Parse(source).value().References();
  for (const JinjaReference& reference : references) {
    all += (all.empty() ? "" : " ") + std::string(reference.made_here ? "!" : "") + reference.name;
    for (const std::string& key : reference.path) all += "." + key;
  }
  return all;
}

TEST(JinjaProgram, TellsWhatIsReadWithItsConstantPath) {
  EXPECT_EQ(Read("{{ a.b['c'][0] }} {{ x[i] }}"), "a.b.c.0 x i");
  EXPECT_EQ(Read("{% if a is defined and b | length > c %}{{ d }}{% endif %}"), "a b c d");
}

TEST(JinjaProgram, AMethodIsNoPartOfWhatIsRead) { EXPECT_EQ(Read("{{ a.b.split(c) | join(d) }}"), "a.b c d"); }

TEST(JinjaProgram, BuiltinsAreNotReadAndOwnNamesAreTold) {
  EXPECT_EQ(Read("{% for x in range(n) %}{{ x }}{{ loop.index }}{% endfor %}"), "n !x");
  EXPECT_EQ(Read("{% set y = a %}{{ y }}"), "a !y");
}

TEST(JinjaProgram, AnExpressionGivesItsValue) {
  const Json variables = Json::Object({{"a", Json::Array({1, 2})}});
  const auto value = [&](std::string_view source) {
    return JinjaProgram::Parse(source).value().Evaluate(variables, {}).value();
  };
  EXPECT_EQ(value("{{ a }}"), Json::Array({1, 2}));
  EXPECT_EQ(value("{{ a | length > 1 }}"), Json(true));
  EXPECT_EQ(value("{{ nothing }}"), Json());
  EXPECT_TRUE(JinjaProgram::Parse("{{ a[0] }}").value().IsReference());
  EXPECT_FALSE(JinjaProgram::Parse("{{ a | first }}").value().IsReference());
  EXPECT_FALSE(JinjaProgram::Parse("x{{ a }}").value().IsExpression());
}

}  // namespace
}  // namespace atelier
