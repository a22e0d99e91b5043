// Plain text, Markdown, code and HTML.
#include <gmock/gmock.h>

#include "knowledge/load/html_reader.h"
#include "knowledge/load/load_testing.h"
#include "knowledge/load/text_encoding.h"

namespace atelier {
namespace {

using ::testing::ElementsAre;
using testing::GoldenFile;
using ::testing::HasSubstr;
using testing::Headings;
using testing::LoadOne;
using testing::Marked;
using ::testing::Not;
using Kind = TextMark::Kind;

TEST(PlainText, KeepsUtf8ByteForByteAndMarksParagraphs) {
  const std::string text = "Größe\nzwei\n\n\n  drei \n";
  const Document document = LoadOne("a/b.txt", text);
  EXPECT_EQ(document.text, text);
  EXPECT_EQ(document.id, "a/b.txt");
  EXPECT_EQ(document.media_type, "text/plain");
  EXPECT_THAT(Marked(document, Kind::kParagraph), ElementsAre("Größe\nzwei", "  drei"));
}

TEST(PlainText, EncodingsAreDetected) {
  const std::string want = "Der Fluß führt über Köln nach Düsseldorf; größere Schiffe müssen früher ankern.\n";
  for (const std::string encoding : {"ISO-8859-1", "UTF-16LE", "UTF-16BE"}) {
    std::string bytes;
    for (size_t i = 0; i < want.size(); ++i) {
      auto c = static_cast<unsigned char>(want[i]);
      if (c >= 0xC0) c = static_cast<unsigned char>(((c & 3) << 6) | (static_cast<unsigned char>(want[++i]) & 0x3F));
      if (encoding == "UTF-16BE") bytes += '\0';
      bytes += static_cast<char>(c);
      if (encoding == "UTF-16LE") bytes += '\0';
    }
    EXPECT_EQ(LoadOne("a.txt", bytes).text, want) << encoding;
    const std::string mark = encoding == "UTF-16LE" ? "\xFF\xFE" : encoding == "UTF-16BE" ? "\xFE\xFF" : "";
    EXPECT_EQ(LoadOne("a.txt", mark + bytes).text, want);
  }
  EXPECT_EQ(LoadOne("a.txt", "\xEF\xBB\xBFHi\r\nyou\rthere").text, "Hi\nyou\nthere");
}

TEST(PlainText, OtherAlphabetsAreDetected) {
  // "Быстрая коричневая лисица прыгает через ленивую собаку." and its like, in the encodings of their time.
  for (const auto& [file, encoding] :
       std::vector<std::pair<std::string, std::string>>{{"russian_koi8r.txt", "KOI8-R"},
                                                        {"russian_cp1251.txt", "WINDOWS-1251"},
                                                        {"japanese_sjis.txt", "SHIFT_JIS"},
                                                        {"japanese_eucjp.txt", "EUC-JP"},
                                                        {"chinese_gb18030.txt", "GB18030"},
                                                        {"chinese_big5.txt", "BIG5"},
                                                        {"korean_euckr.txt", "EUC-KR"},
                                                        {"greek_iso8859_7.txt", "ISO-8859-7"}}) {
    const std::string language = file.substr(0, file.find('_'));
    EXPECT_EQ(LoadOne(file, GoldenFile("encodings/" + file)).text, GoldenFile("encodings/" + language + "_utf8.txt"))
        << encoding;
  }
}

TEST(PlainText, WhatIsNoTextIsRefused) {
  const auto documents = LoadDocuments({.id = "x.bin", .bytes = std::string("ab\0\1\2\3", 6), .media_type = {}}, {});
  ASSERT_FALSE(documents.ok());
  EXPECT_EQ(documents.error().Message(), "x.bin: got content of a kind that no loader here reads");
}

TEST(Code, IsKeptWithItsLanguage) {
  const Document document = LoadOne("src/A.CC", "int main() {}\n");
  ASSERT_EQ(document.marks.size(), 1U);
  EXPECT_EQ(document.marks[0].label, "cpp");
  EXPECT_EQ(document.text, "int main() {}\n");
  EXPECT_EQ(LoadOne("x/Makefile", "all:\n").marks[0].label, "make");
  EXPECT_EQ(LoadOne("x.rs", "fn main() {}\n").attributes["language"].AsString(), "rust");
}

TEST(Markdown, BlocksHaveExactSpans) {
  const std::string text =
      "---\ntitle: \"The plan\"\ntags: [a, 'b c']\n---\n# One #\n\nFirst para\ngoes on.\nTwo\n---\n"
      "- item\n  more\n  - inner\n- next\nlazy\n\n> quote\n> # Three\n\n```cpp {.x}\n# not a heading\n```\n"
      "\n    indented\n\n| a | b |\n|---|:-:|\n| 1 | 2\\|3 |\n\nEnd\n";
  const Document document = LoadOne("a.md", text);
  EXPECT_EQ(document.text, text);
  EXPECT_EQ(document.title, "The plan");
  EXPECT_EQ(document.attributes.Dump(), R"({"tags":["a","b c"]})");
  EXPECT_THAT(Headings(document), ElementsAre("1 # One #", "2 First para\ngoes on.\nTwo\n---", "1 # Three"));
  EXPECT_THAT(Marked(document, Kind::kListItem), ElementsAre("- item\n  more\n  - inner", "- inner", "- next\nlazy"));
  EXPECT_THAT(Marked(document, Kind::kQuote), ElementsAre("> quote\n> # Three"));
  EXPECT_THAT(Marked(document, Kind::kCode), ElementsAre("```cpp {.x}\n# not a heading\n```", "indented"));
  EXPECT_THAT(Marked(document, Kind::kTable), ElementsAre("| a | b |\n|---|:-:|\n| 1 | 2\\|3 |"));
  EXPECT_THAT(Marked(document, Kind::kTableRow), ElementsAre("| a | b |", "| 1 | 2\\|3 |"));
  EXPECT_THAT(Marked(document, Kind::kTableCell), ElementsAre("a", "b", "1", "2\\|3"));
}

TEST(Markdown, ContainersEndWhereCommonMarkEndsThem) {
  const Document document =
      LoadOne("a.md", "1. one\n\n   still one\n\nout\n\n> a\nlazy\n\n> b\n\n- x\n\n\n  y\n***\nz");
  EXPECT_THAT(Marked(document, Kind::kListItem), ElementsAre("1. one\n\n   still one", "- x\n\n\n  y"));
  EXPECT_THAT(Marked(document, Kind::kQuote), ElementsAre("> a\nlazy", "> b"));
  EXPECT_THAT(Marked(document, Kind::kParagraph),
              ElementsAre("one", "still one", "out", "a\nlazy", "b", "x", "y", "z"));
}

TEST(Markdown, DeepNestingIsBounded) {
  std::string deep;
  for (int i = 0; i < 20'000; ++i) deep += "> ";
  LoadOne("a.md", deep + "x");
  std::string lists;
  for (int i = 0; i < 2'000; ++i) lists += std::string(static_cast<size_t>(2 * i), ' ') + "- a\n";
  LoadOne("b.md", lists);
}

TEST(Html, ReadsWhatAPersonReads) {
  const Document document = LoadOne("a.html", R"(<!DOCTYPE html><html lang="en"><head><title> A  page </title>
    <meta name="author" content="Ada"><style>p{}</style><script>var x = "<p>no</p>";</script></head>
    <body><nav><a href="/">Home</a></nav><h1>Top &amp; first</h1>Loose <b>text</b>.
    <p>One<br>two</p><ul><li>a<ul><li>b</li></ul></li><li>c</li></ul><ol start="3"><li>d<li>e</ol>
    <table><caption>Cap</caption><tr><th>k<th>v</tr><tr><td colspan=1>x<td><p>y</p><p>z</p></tr></table>
    <pre class="language-py">def f():
  pass</pre><blockquote><p>q</p></blockquote><img alt="a dog" src="d.png"><div hidden>secret</div>
    <button>Press</button></body></html>)");
  EXPECT_EQ(document.title, "A page");
  EXPECT_EQ(document.attributes.Dump(), R"({"language":"en","author":"Ada"})");
  EXPECT_EQ(document.text,
            "Top & first\n\nLoose text.\n\nOne\ntwo\n\n- a\n- b\n- c\n\n3. d\n4. e\n\nCap\nk | v\nx | y z\n\n"
            "def f():\n  pass\n\nq\n\na dog");
  EXPECT_THAT(Headings(document), ElementsAre("1 Top & first"));
  EXPECT_THAT(Marked(document, Kind::kListItem), ElementsAre("- a\n- b", "- b", "- c", "3. d", "4. e"));
  EXPECT_THAT(Marked(document, Kind::kTable), ElementsAre("Cap\nk | v\nx | y z"));
  EXPECT_THAT(Marked(document, Kind::kTableCell), ElementsAre("k", "v", "x", "y z"));
  EXPECT_THAT(Marked(document, Kind::kCaption), ElementsAre("Cap"));
  EXPECT_THAT(Marked(document, Kind::kCode), ElementsAre("def f():\n  pass"));
}

TEST(Html, TablesThatHoldTablesAreLayout) {
  const Document document = LoadOne("a.html", "<table><tr><td>left<td><table><tr><td>1<td>2</table></table>");
  EXPECT_EQ(document.text, "left\n\n1 | 2");
  EXPECT_EQ(Marked(document, Kind::kTable).size(), 1U);
}

TEST(Html, DeclaredEncodingIsUsed) {
  EXPECT_EQ(LoadOne("a.html", "<meta charset=koi8-r><p>\xF2\xD5\xD3\xD3\xCB\xC9\xCA").text, "Русский");
}

TEST(Html, DeepAndCostlyPagesEnd) {
  const auto deep = [](int depth) {
    std::string page;
    for (int i = 0; i < depth; ++i) page += "<div>";
    return page + "x";
  };
  EXPECT_EQ(LoadOne("deep.html", deep(5'000)).text, "x");
  // Formatting elements that are opened again in every paragraph: a tree of n * n.
  std::string adopted = "<p>";
  for (int i = 0; i < 2'000; ++i) adopted += "<b a" + std::to_string(i) + ">";
  for (int i = 0; i < 20'000; ++i) adopted += "<p>x";
  DocumentBuilder builder(1 << 20);
  const auto large = ReadHtml(adopted, std::chrono::minutes(10), builder);
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().kind, ErrorKind::kTooLarge);
  // Every element looks through all that are open.
  const auto late = ReadHtml(deep(500'000), std::chrono::milliseconds(10), builder);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, ErrorKind::kTimeout);
}

TEST(FindLoader, ContentDecidesOverTheName) {
  const auto loader = [](std::string id, std::string bytes, std::string type = {}) -> std::string {
    const auto found = FindLoader({.id = std::move(id), .bytes = std::move(bytes), .media_type = std::move(type)});
    return found.ok() ? std::string((*found)->name) : found.error().Message();
  };
  EXPECT_EQ(loader("README", "text"), "plain_text");
  EXPECT_EQ(loader("x.unknown", "text", "text/markdown; charset=utf-8"), "markdown");
  EXPECT_EQ(loader("x.unknown", "<!DOCTYPE html><p>"), "html");
  EXPECT_EQ(loader("x.md", "<html> in Markdown"), "markdown");
}

}  // namespace
}  // namespace atelier
