// Code is cut where its language ends a statement, whatever its strings and comments look like.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/chunk/chunk_testing.h"
#include "knowledge/chunk/code_items.h"

namespace atelier {
namespace {

using testing::ElementsAre;

// The items at the top, each as its first and last line.
std::vector<std::string> Items(std::string_view language, const std::string& text) {
  const CodeReader reader(text, *LanguageNamed(language));
  std::vector<std::string> items;
  for (const CodeItem& item : reader.ItemsOf(reader.all())) {
    const std::string whole(TextOf(text, item.span));
    const size_t first = whole.find('\n'), last = whole.rfind('\n');
    items.push_back(first == std::string::npos ? whole : whole.substr(0, first) + " .. " + whole.substr(last + 1));
  }
  return items;
}

// What stands in the one item of a text.
std::vector<std::string> Inner(std::string_view language, const std::string& text) {
  const CodeReader reader(text, *LanguageNamed(language));
  const auto items = reader.ItemsOf(reader.all());
  EXPECT_EQ(items.size(), 1u);
  std::vector<std::string> inner;
  for (const CodeItem& item : reader.ItemsOf(items[0].inner.back())) inner.emplace_back(TextOf(text, item.span));
  return inner;
}

TEST(CodeItems, Cpp) {
  EXPECT_THAT(Items("c++", R"x(// A header.

#include <vector>
#include <a.h>

// Adds.
template <class T>
int Add(int a = '{', const char* s = "}\"{") {
  auto raw = R"({ ")" "}";
  return a + 1'000;  // }
}
struct Point { int x, y; } origin;
class A : public B {
 public:
  A() : b_{1}, c_{2} {}
};
#ifdef X
void F(int a) {
#else
void F() {
#endif
  if (a) { b(); } else { c(); }
}
int table[] = {1, 2,
               3};
[[nodiscard]] int G() { do { x(); } while (y); return 1; } /* after */
~A();
)x"),
              ElementsAre("// A header.", "#include <vector> .. #include <a.h>", "// Adds. .. }",
                          "struct Point { int x, y; } origin;", "class A : public B { .. };", "#ifdef X",
                          "void F(int a) { .. }", "int table[] = {1, 2, ..                3};",
                          "[[nodiscard]] int G() { do { x(); } while (y); return 1; } /* after */", "~A();"));
}

TEST(CodeItems, CppStatementsAndMembers) {
  EXPECT_THAT(
      Inner("c++",
            "class A {\n public:\n  A() = default;\n  // Gets.\n  int x() const { return x_; }\n\n private:\n  int "
            "x_{0};\n};"),
      ElementsAre("public:\n  A() = default;", "// Gets.\n  int x() const { return x_; }", "private:\n  int x_{0};"));
  EXPECT_THAT(
      Inner("c++",
            "void F() {\n  for (;;) { a(); }\n  *p = 1;\n  auto f = [](int) { return 2; };\n  switch (x) { case 1: "
            "break; }\n}"),
      ElementsAre("for (;;) { a(); }", "*p = 1;", "auto f = [](int) { return 2; };", "switch (x) { case 1: break; }"));
}

TEST(CodeItems, Python) {
  EXPECT_THAT(Items("python", R"x(#!/usr/bin/env python3
"""Doc: def f():
class X:
"""
import os
from a import (b,
    c)

# About f.
@decorate(1)
@other
def f(a, b="""x
y"""):
    if a:
        return f"{a['x']} {{ def"
    # said of the else
    else:
        return r'\'

    # the end
x = {
"a": 1,
}
class C(object):
    def m(self): pass
try:
    y()
except (E, F):
    pass
finally:
    z()
async def g():
    await h()
)x"),
              ElementsAre("#!/usr/bin/env python3 .. \"\"\"", "import os", "from a import (b, ..     c)",
                          "# About f. ..     # the end", "x = { .. }", "class C(object): ..     def m(self): pass",
                          "try: ..     z()", "async def g(): ..     await h()"));
}

TEST(CodeItems, PythonMembers) {
  EXPECT_THAT(Inner("python",
                    "class A:\n    \"\"\"Doc.\"\"\"\n    x = 1\n\n    # Says m.\n    @p\n    def m(self):\n        "
                    "pass\n\n    def n(self):\n        return 1\n"),
              ElementsAre("\"\"\"Doc.\"\"\"", "x = 1", "# Says m.\n    @p\n    def m(self):\n        pass",
                          "def n(self):\n        return 1"));
}

TEST(CodeItems, TypeScript) {
  EXPECT_THAT(Items("typescript", R"x(import { a } from 'a'
import b from "b";
/** Doc { */
export default class Foo<T extends {}> extends Bar {
  x = `${a ? `}` : { b: "`" }} {`
}
const re = /[/}"]{2}\/"/g, n = a / b / c
export const f = async (x: number): Promise<void> => {
  return
}
@Component({ selector: 'x' })
@Other()
export class C { }
type U =
  | 'a'
  | 'b'
function g()
{
  return "it's"
}
const chain = foo()
  .bar()
  .baz()
interface I { a: string }
if (a) {
} else {
}
x++
describe('thing', () => {
  it('works', () => {})
})
)x"),
              ElementsAre("import { a } from 'a'", "import b from \"b\";", "/** Doc { */ .. }",
                          "const re = /[/}\"]{2}\\/\"/g, n = a / b / c",
                          "export const f = async (x: number): Promise<void> => { .. }",
                          "@Component({ selector: 'x' }) .. export class C { }", "type U = ..   | 'b'",
                          "function g() .. }", "const chain = foo() ..   .baz()", "interface I { a: string }",
                          "if (a) { .. }", "x++", "describe('thing', () => { .. })"));
}

TEST(CodeItems, Go) {
  EXPECT_THAT(
      Items(
          "go",
          "package main\n\nimport (\n\t\"fmt\"\n)\n\n// Point has {.\ntype Point struct {\n\tX, Y int `json:\"}\"`\n}\n"
          "func (p *Point) Add(q Point) (r Point) {\n\tr.X = p.X + '{'\n\treturn\n}\nvar s = `raw\n}\"`\n"
          "var f = func() int { return 1 }\nconst (\n\tA = iota\n\tB\n)\nfunc g(\n\ta int,\n) {\n}\n"),
      ElementsAre("package main", "import ( .. )", "// Point has {. .. }",
                  "func (p *Point) Add(q Point) (r Point) { .. }", "var s = `raw .. }\"`",
                  "var f = func() int { return 1 }", "const ( .. )", "func g( .. }"));
}

TEST(CodeItems, Rust) {
  EXPECT_THAT(Items("rust", R"x(use std::fmt;
/* outer /* inner } */ still */
#[derive(Debug, Clone)]
pub struct P<'a> {
    s: &'a str,
}
impl<'a> P<'a> {
    fn new(s: &'a str) -> Self { P { s } }
}
fn f() -> char {
    let q = '"'; let b = b'{'; let r = r#"a " } { "#;
    match q { '\'' => 'x', _ => { 'y' } }
}
macro_rules! m { ($x:expr) => { $x }; }
static S: &str = "line
} line";
pub trait T where Self: Sized { fn t(&self); }
)x"),
              ElementsAre("use std::fmt;", "/* outer /* inner } */ still */ .. }", "impl<'a> P<'a> { .. }",
                          "fn f() -> char { .. }", "macro_rules! m { ($x:expr) => { $x }; }",
                          "static S: &str = \"line .. } line\";", "pub trait T where Self: Sized { fn t(&self); }"));
}

TEST(CodeItems, Java) {
  EXPECT_THAT(Items("java", R"x(package a.b;

import java.util.*;
import java.io.File;

/** Doc. */
@Service
public final class A<T> extends B implements C {
  String s = """
      { " text
      """;
  @Override public int f() { char c = '}'; return c; }
}
@interface Note { int value() default 1; }
enum E { X, Y { void g() {} }; }
record R(int a) { }
)x"),
              ElementsAre("package a.b;", "import java.util.*;", "import java.io.File;", "/** Doc. */ .. }",
                          "@interface Note { int value() default 1; }", "enum E { X, Y { void g() {} }; }",
                          "record R(int a) { }"));
}

TEST(CodeItems, BrokenCodeIsReadToItsEnd) {
  for (const std::string_view language : {"c++", "python", "typescript", "go", "rust", "java"}) {
    for (const std::string text :
         {"}", "{", "\"", "'", "`${", "/*", "R\"(", "r#\"", "f\"{", "\"\"\"", "#if 0", "a\\", ")(", "#"}) {
      const CodeReader reader(text, *LanguageNamed(language));
      int64_t end = 0;
      for (const CodeItem& item : reader.ItemsOf(reader.all())) end = item.span.end;
      EXPECT_EQ(end, static_cast<int64_t>(text.size())) << language << " " << text;
    }
  }
}

std::vector<std::string> Cut(const Document& document, int64_t limit, std::vector<std::vector<std::string>>* paths) {
  ChunkOptions options;
  options.method = "code", options.unit = "characters", options.limit = limit;
  const auto chunking = SplitPlainly(document, options, {});
  EXPECT_TRUE(chunking.ok());
  std::vector<std::string> texts;
  for (const Chunk& chunk : chunking->chunks) {
    texts.push_back(TextAt(document, chunk.span));
    if (paths != nullptr) paths->push_back(chunk.heading_path);
  }
  return texts;
}

TEST(CodeChunker, CutsBetweenFunctionsAndNamesWhatTheyStandIn) {
  Document document = DocumentOf(
      "namespace a {\n\n// One.\nint One() {\n  return 1;\n}\n\nclass Two : public Base {\n public:\n  int Long() {\n"
      "    step_one();\n    step_two();\n    step_three();\n  }\n\n  int Other() { return 2; }\n};\n\n}  // namespace "
      "a\n");
  document.id = "x.cc";
  std::vector<std::vector<std::string>> paths;
  EXPECT_THAT(Cut(document, 92, &paths),
              ElementsAre("namespace a {\n\n// One.\nint One() {\n  return 1;\n}",
                          "class Two : public Base {\n public:\n  int Long() {\n    step_one();\n    step_two();",
                          "    step_three();\n  }\n\n  int Other() { return 2; }\n};\n\n}  // namespace a"));
  EXPECT_THAT(paths, ElementsAre(ElementsAre(), ElementsAre("namespace a"), ElementsAre("namespace a")));
}

TEST(CodeChunker, PythonKeepsItsIndentation) {
  Document document = DocumentOf(
      "class A:\n    def first(self):\n        return 'the first of them all'\n\n"
      "    def second(self):\n        return 'the second of them'\n");
  document.id = "x.py";
  std::vector<std::vector<std::string>> paths;
  EXPECT_THAT(Cut(document, 72, &paths),
              ElementsAre("class A:\n    def first(self):\n        return 'the first of them all'",
                          "    def second(self):\n        return 'the second of them'"));
  EXPECT_THAT(paths[1], ElementsAre("class A"));
}

TEST(CodeChunker, MarkdownCodeIsCutByItsLanguageWhereItMustBe) {
  std::string text = "# Use\n\n```python\n";
  for (int i = 0; i < 6; ++i) text += "def f" + std::to_string(i) + "(x):\n    y = x + 1\n    return y\n\n";
  const Document document = DocumentOf(text + "```\n", "text/markdown");
  ChunkOptions options;
  options.method = "structure", options.unit = "characters", options.limit = 100;
  const auto chunking = SplitPlainly(document, options, {});
  ASSERT_TRUE(chunking.ok());
  for (size_t i = 1; i < chunking->chunks.size(); ++i) {
    EXPECT_TRUE(TextAt(document, chunking->chunks[i].span).starts_with("def f"));
  }
}

}  // namespace
}  // namespace atelier
