// Goldens are what jinja2 gave as transformers configures it (tools/golden_jinja.py).
#include "base/text/jinja.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/tree_testing.h"

namespace atelier {
namespace {

Result<JinjaOutput> RenderText(std::string_view source, const Json& context = Json::Object(),
                               const JinjaLimits& limits = {}) {
  TRY(const JinjaTemplate parsed, JinjaTemplate::Parse(source));
  std::tm now = {};
  now.tm_year = 125, now.tm_mon = 1, now.tm_mday = 3, now.tm_wday = 1, now.tm_yday = 33;
  now.tm_hour = 4, now.tm_min = 5, now.tm_sec = 6;
  return parsed.Render(context, now, limits);
}

std::string ErrorOf(std::string_view source, const JinjaLimits& limits = {}) {
  const auto output = RenderText(source, Json::Object({{"n", 1}}), limits);
  return output.ok() ? "rendered " + output->text.substr(0, 100) : output.error().Message();
}

TEST(Jinja, RendersWhatJinja2Renders) {
  std::ifstream file(SourcePath("/tests/golden/base_text/jinja.json"), std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  const auto golden = Json::Parse(text.str());
  ASSERT_TRUE(golden.ok()) << golden.error().Message();
  ASSERT_GE((*golden)["snippets"].size(), 200);
  for (const Json& snippet : (*golden)["snippets"].items()) {
    const std::string& source = snippet["template"].AsString();
    const auto output = RenderText(source, (*golden)["context"]);
    if (const Json* error = snippet.Find("error")) {
      EXPECT_FALSE(output.ok()) << source << "\nrendered " << (output.ok() ? output->text : "") << "\nwant "
                                << error->AsString();
      continue;
    }
    if (!output.ok()) {
      ADD_FAILURE() << source << "\n" << output.error().Message();
      continue;
    }
    EXPECT_EQ(output->text, snippet["text"].AsString()) << source;
    Json spans = Json::Array();
    for (const JinjaSpan& span : output->generations) spans.Push(Json::Array({span.begin, span.end}));
    EXPECT_EQ(spans.Dump(), snippet.Has("spans") ? snippet["spans"].Dump() : "[]") << source;
  }
}

TEST(Jinja, ErrorsNameLineAndCause) {
  EXPECT_EQ(ErrorOf("a\nb {{ x.y }}"), "line 2: 'x' is undefined");
  EXPECT_EQ(ErrorOf("{% set z = {} %}\n\n{{ z.a.b }}"), "line 3: 'dict object' has no attribute 'a'");
  EXPECT_EQ(ErrorOf("{{ raise_exception('no ' ~ n) }}"), "line 1: no 1");
  EXPECT_EQ(ErrorOf("{% for x in n %}{% endfor %}"), "line 1: 'int' object is not iterable");
  EXPECT_EQ(ErrorOf("{{ n + 'a' }}"), "line 1: unsupported operand type(s) for +: 'int' and 'str'");
  EXPECT_EQ(ErrorOf("\n{% if n %}"), "line 2: got the end of the template, want 'endif'");
  EXPECT_EQ(ErrorOf("{% foo %}"), "line 1: got unknown tag 'foo', want a tag of Jinja");
  EXPECT_EQ(ErrorOf("{{ 'a\n' | nope }}"), "line 2: No filter named 'nope'.");
}

TEST(Jinja, StepsBytesAndDepthAreBounded) {
  const JinjaLimits small{
      .max_steps = 200'000, .max_text_bytes = 1 << 16, .max_total_bytes = 1 << 20, .max_depth = 400};
  for (const char* hostile : {
           "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
           "{{ 'x' * 99999999999 }}",
           "{% set ns = namespace(s='ab') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}",
           "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
           "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | "
           "tojson }}",
           "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
           "{% set ns = namespace(s=[1]) %}{% for i in range(9999) %}{% set ns.s = [ns.s] %}{% endfor %}",
           "{% set ns = namespace(s='a'.upper) %}{% for i in range(9999) %}{% set ns.s = [ns.s].index %}{% endfor %}",
           "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
           "{% for x in [[[]]] recursive %}{{ loop([x]) }}{% endfor %}",
           "{{ '%99999999d' % 1 }}",
           "{{ '{:99999999}'.format(1) }}",
           "{{ 'a'.center(999999999) }}",
           "{{ [1] * 999999999 }}",
           "{{ 'abc' | indent(999999999) }}",
           "{{ 2 ** 99999999 }}",
           "{{ range(0, 9223372036854775807, 9223372036854775806) | list ~ range(10000000) }}",
       }) {
    const std::string error = ErrorOf(hostile, small);
    EXPECT_NE(error.substr(0, 8), "rendered") << hostile;
  }
}

// Few steps that each go through much: comparisons of values that share their parts, long texts, many names.
TEST(Jinja, WorkWithinAStepCounts) {
  const std::string doubled =
      "{% set a = namespace(v=[1]) %}{% set b = namespace(v=[1]) %}{% for i in range(60) %}"
      "{% set a.v = [a.v, a.v] %}{% set b.v = [b.v, b.v] %}{% endfor %}";
  const std::string tuples =
      "{% set a = namespace(v=(1,)) %}{% for i in range(60) %}{% set a.v = (a.v, a.v) %}{% endfor %}";
  const std::string texts = "{% set s = 'x' * 3000000 %}{% set t = s ~ 'y' %}{% set u = s ~ 'z' %}";
  const auto often = [](const std::string& body) {
    return "{% for i in range(90000) %}{% for k in range(300) %}" + body + "{% endfor %}{% endfor %}";
  };
  std::string names;
  for (int i = 0; i < 30000; ++i) names += "{% set n" + std::to_string(i) + " = 1 %}";
  const std::vector<std::string> hostile_templates = {
      doubled + "{{ a.v == b.v }}",
      doubled + "{{ a.v in [b.v] }}",
      doubled + "{{ [a.v, b.v] | sort }}",
      doubled + "{{ [[a.v], [b.v]] | max }}",
      doubled + "{{ [a.v].index(b.v) }}",
      doubled + "{{ [{'k': a.v}, {'k': b.v}] | groupby('k') | length }}",
      doubled + "{% for i in range(2) %}{{ loop.changed([a.v, b.v][i]) }}{% endfor %}",
      tuples + "{{ {a.v: 1} }}",
      tuples + "{{ a.v in {1: 2} }}",
      tuples + "{{ [a.v, a.v] | unique | list }}",
      tuples + "{{ {1: 2}[a.v] }}",
      tuples + "{{ {1: 2}.get(a.v) }}",
      texts + often("{% if t == u %}{% endif %}"),
      texts + often("{% if t < u %}{% endif %}"),
      texts + often("{% if 'z' in t %}{% endif %}"),
      texts + often("{% if t[-1] %}{% endif %}"),
      texts + often("{% if t | length %}{% endif %}"),
      texts + often("{% if t.startswith(u) %}{% endif %}"),
      texts + often("{% if t is upper %}{% endif %}"),
      texts + "{{ s.rfind('x' * 1500000 ~ 'y' ) }}{{ s.find('x' * 1500000 ~ 'y') }}",
      texts + "{{ s.split('x' * 1500000 ~ 'y') | length }}",
      texts + "{% for c in s %}{% endfor %}",
      "{{ ('<!--' * 800000 ~ ' >') | striptags }}",
      names + often("{{ n29999 }}"),
  };
  for (const std::string& hostile : hostile_templates) {
    const std::string error = ErrorOf(hostile, {.max_steps = 3'000'000});
    EXPECT_NE(error.find("want"), std::string::npos) << hostile.substr(hostile.size() - 40) << ": " << error;
  }
}

// What long conversations do: none of it may come near the bounds.
TEST(Jinja, LongConversationsAreWithinBounds) {
  Json messages = Json::Array();
  for (int i = 0; i < 4000; ++i) {
    messages.Push(
        Json::Object({{"role", i % 2 == 0 ? "user" : "assistant"}, {"content", std::string(500, 'a' + i % 20)}}));
  }
  messages.Push(Json::Object({{"role", "tool"}, {"content", std::string(1 << 20, 'b')}}));
  const auto output = RenderText(
      "{% for m in messages %}{% if loop.first or m != messages[0] and m.role == (messages | last).role %}"
      "{{ messages | length }}{% endif %}{% set c = m.content %}{% if '</think>' in c %}"
      "{% set c = c.split('</think>')[-1].lstrip('\n') %}{% endif %}{{ m.role }}{{ c[2:] | trim }}{{ c[:-1] }}"
      "{% if not loop.last and messages[loop.index0 + 1].role == 'tool' %}{{ m | tojson }}{% endif %}"
      "{% for x in messages[:loop.index0] %}{% if loop.index0 > 40 %}{% break %}{% endif %}{% endfor %}{% endfor %}",
      Json::Object({{"messages", messages}}));
  ASSERT_TRUE(output.ok()) << output.error().Message();
  EXPECT_GT(output->text.size(), 6'000'000u);
}

TEST(Jinja, NestingInSourceIsBounded) {
  const auto repeat = [](std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  for (const std::string& deep :
       {"{{ " + repeat("(", 100000) + "1" + repeat(")", 100000) + " }}", "{{ " + repeat("[", 5000),
        "{{ " + repeat("-", 100000) + "1 }}", "{{ " + repeat("not ", 100000) + "1 }}", repeat("{% if n %}", 5000),
        "{{ 1" + repeat(" + 1", 100000) + " }}", "{{ n" + repeat(" | string", 100000) + " }}",
        "{{ n" + repeat(".a", 100000) + " }}", "{{ 1" + repeat(" if n else 1", 100000) + " }}",
        "{% if n %}" + repeat("{% elif n %}", 100000) + "{% endif %}"}) {
    EXPECT_FALSE(JinjaTemplate::Parse(deep).ok());
  }
  EXPECT_TRUE(RenderText("{{ 1" + repeat(" + 1", 300) + " }}").ok());
}

TEST(Jinja, CirclesAreFreed) {  // the leak checker of sanitized builds is the judge
  EXPECT_TRUE(RenderText("{% set a = namespace() %}{% set b = namespace(a=a) %}{% set a.b = b %}"
                         "{% macro m() %}{{ a.b.a is defined }}{% endmacro %}{% set a.m = m %}"
                         "{% for x in [1] %}{% set a.loop = loop %}{% set a.f = loop.cycle %}{% endfor %}{{ m() }}")
                  .ok());
}

}  // namespace
}  // namespace atelier
