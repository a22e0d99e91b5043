// Each plain method's own ways, and the options that all share.
#include "knowledge/chunk/chunker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text/describe_json.h"
#include "knowledge/chunk/chunk_testing.h"
#include "knowledge/chunk/outline.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ChunkOptions OptionsOf(std::string method, int64_t limit, int64_t overlap = 0) {
  ChunkOptions options;
  options.method = std::move(method);
  options.limit = limit;
  options.overlap = overlap;
  options.unit = "characters";
  return options;
}

Chunking Cut(const Document& document, const ChunkOptions& options) {
  auto chunking = SplitPlainly(document, options, {});
  EXPECT_TRUE(chunking.ok()) << chunking.error().Message();
  return chunking.ok() ? std::move(*chunking) : Chunking();
}

std::vector<std::string> Texts(const Document& document, const Chunking& chunking) {
  std::vector<std::string> texts;
  for (const Chunk& chunk : chunking.chunks) texts.push_back(TextAt(document, chunk.span));
  return texts;
}

std::vector<std::string> TextsOf(std::string text, const ChunkOptions& options, std::string type = "text/plain") {
  const Document document = DocumentOf(std::move(text), std::move(type));
  return Texts(document, Cut(document, options));
}

TEST(Chunker, FixedTakesTheLimitAndSaysTheOverlapAgain) {
  std::string text;
  for (int i = 0; i < 10; ++i) text += "0123456789";
  const Document document = DocumentOf(text);
  const Chunking chunking = Cut(document, OptionsOf("fixed", 40, 10));
  ASSERT_EQ(chunking.chunks.size(), 3u);
  EXPECT_EQ(chunking.chunks[0].span, (TextSpan{0, 40}));
  EXPECT_EQ(chunking.chunks[1].span, (TextSpan{30, 70}));
  EXPECT_EQ(chunking.chunks[2].span, (TextSpan{60, 100}));
}

TEST(Chunker, CharactersAreNotCutInTwo) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "\U0001F468\u200D\U0001F469\u200D\U0001F467";  // five code points each
  for (const std::string& chunk : TextsOf(text, OptionsOf("fixed", 32))) {
    EXPECT_EQ(CountCodePoints(chunk) % 5, 0u);
  }
}

TEST(Chunker, SentencesStayWhole) {
  const std::string text = "First one here. Second one there. Dr. No said a thing. The last of them all.";
  EXPECT_THAT(TextsOf(text, OptionsOf("sentence", 40)),
              ElementsAre("First one here. Second one there.", "Dr. No said a thing.", "The last of them all."));
}

TEST(Chunker, SentencesAreSaidAgainWhole) {
  ChunkOptions options = OptionsOf("sentence", 60);
  options.overlap_sentences = 1;
  EXPECT_THAT(
      TextsOf("One is a number. Two is a number. Three is a number. Four is a number.", options),
      ElementsAre("One is a number. Two is a number.", "Two is a number. Three is a number. Four is a number."));
}

TEST(Chunker, RecursiveCutsAtTheLargestSeparatorThatDoes) {
  const std::string text =
      "alpha beta gamma delta\n\nepsilon zeta eta theta\niota kappa lambda mu nu xi omicron\n\npi rho";
  EXPECT_THAT(
      TextsOf(text, OptionsOf("recursive", 60)),
      ElementsAre("alpha beta gamma delta", "epsilon zeta eta theta\niota kappa lambda mu nu xi omicron", "pi rho"));
}

TEST(Chunker, RecursiveTakesSeparatorsOfOnesOwn) {
  ChunkOptions options = OptionsOf("recursive", 32);
  options.separators = {"==", "--"};
  EXPECT_THAT(TextsOf("aaaaaaaaaaaaaaaaaaaa==bbbbbbbbbbbbbb--cccccccccccccccccccc--dd", options),
              ElementsAre("aaaaaaaaaaaaaaaaaaaa==", "bbbbbbbbbbbbbb--", "cccccccccccccccccccc--dd"));
}

TEST(Chunker, ALittleOverTheLimitMakesTwoHalves) {
  std::string text;
  for (int i = 0; i < 11; ++i) text += "Ten letter. ";
  const auto texts = TextsOf(text, OptionsOf("sentence", 120));
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_GT(texts[1].size(), 50u);
}

constexpr std::string_view kMarkdown =
    "# Guide\n\nIntro words.\n\n## Install\n\nRun this:\n\n```sh\napt install x\n\napt install y\n```\n\n"
    "## Use\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nAfter the table.\n\n### Deep\n\n- one\n- two\n  more\n- "
    "three\n";

TEST(Chunker, StructureKeepsTablesListsAndCodeWholeUnderTheirHeadings) {
  const Document document = DocumentOf(std::string(kMarkdown), "text/markdown");
  const Chunking chunking = Cut(document, OptionsOf("structure", 70));
  EXPECT_THAT(
      Texts(document, chunking),
      ElementsAre("# Guide\n\nIntro words.", "## Install\n\nRun this:\n\n```sh\napt install x\n\napt install y\n```",
                  "## Use\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nAfter the table.",
                  "### Deep\n\n- one\n- two\n  more\n- three"));
  EXPECT_THAT(chunking.chunks[0].heading_path, ElementsAre("Guide"));
  EXPECT_THAT(chunking.chunks[1].heading_path, ElementsAre("Guide", "Install"));
  EXPECT_THAT(chunking.chunks[3].heading_path, ElementsAre("Guide", "Use", "Deep"));
}

TEST(Chunker, AHeadingIsNeverLeftAlone) {
  const std::string text = "# A\n\n## B\n\n" + std::string(200, 'x') + "\n\n## C\n\n" + "word word word word. " +
                           "More words that follow here. And some more of them. And the end is near now.";
  for (const std::string& chunk : TextsOf(text, OptionsOf("structure", 64), "text/markdown")) {
    EXPECT_NE(chunk, "# A");
    EXPECT_NE(chunk, "## B");
    EXPECT_NE(chunk, "## C");
  }
}

TEST(Chunker, SmallSectionsOfOneParentGoTogetherUnderIt) {
  const Document document = DocumentOf("# A\n\n## B\n\nSmall.\n\n## C\n\nSmall too.\n", "text/markdown");
  const Chunking chunking = Cut(document, OptionsOf("structure", 400));
  ASSERT_EQ(chunking.chunks.size(), 1u);
  EXPECT_THAT(chunking.chunks[0].heading_path, ElementsAre("A"));
}

TEST(Chunker, HtmlHasHeadingsAndTables) {
  const std::string text =
      "<html><head><style>h1 {}</style></head><body><h1>The <b>Guide</b></h1><p>Some words to begin with.</p>"
      "<h2>Rows</h2><table><tr><td>1</td></tr><tr><td>2</td></tr></table></body></html>";
  const Document document = DocumentOf(text, "text/html");
  const Chunking chunking = Cut(document, OptionsOf("structure", 130));
  const auto texts = Texts(document, chunking);
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_TRUE(texts[1].starts_with("<h2>Rows</h2><table>")) << texts[1];
  EXPECT_THAT(chunking.chunks[1].heading_path, ElementsAre("The Guide", "Rows"));
}

TEST(Chunker, PagesAreThoseOfTheSpan) {
  Document document = DocumentOf("First page text.\fSecond page text.\fThird page text.");
  document.marks = {{TextMark::Kind::kPage, {0, 17}, 1, ""},
                    {TextMark::Kind::kPage, {17, 35}, 2, ""},
                    {TextMark::Kind::kPage, {35, 51}, 3, ""}};
  const Chunking chunking = Cut(document, OptionsOf("fixed", 40));
  ASSERT_EQ(chunking.chunks.size(), 2u);
  EXPECT_EQ(chunking.chunks[0].first_page, 1);
  EXPECT_EQ(chunking.chunks[0].last_page, 3);
  EXPECT_EQ(chunking.chunks[1].first_page, 3);
}

TEST(Chunker, WhatIsSaidBeforeATextIsBounded) {
  Document document = DocumentOf("Body.");
  document.title = "A long title of a book";
  Chunk chunk;
  chunk.span = {0, 5};
  chunk.heading_path = {"Part", "Chapter"};
  chunk.context = "It is about bodies.";
  ChunkLimits limits;
  limits.preface = 100;
  EXPECT_EQ(EmbeddedText(document, chunk, limits, nullptr),
            "A long title of a book > Part > Chapter\nIt is about bodies.\nBody.");
  limits.preface = 15;
  EXPECT_EQ(EmbeddedText(document, chunk, limits, nullptr), "Part > Chapter\nBody.");
  limits.preface = 0;
  EXPECT_EQ(EmbeddedText(document, chunk, limits, nullptr), "Body.");
}

TEST(Chunker, AHeadingThatTheTextSaysIsNotSaidBefore) {
  const Document document = DocumentOf("## Use\n\nLike this.", "text/markdown");
  Chunk chunk;
  chunk.span = {0, 18};
  chunk.heading_path = {"Guide", "Use"};
  ChunkLimits limits;
  limits.preface = 100;
  EXPECT_EQ(EmbeddedText(document, chunk, limits, nullptr), "Guide\n## Use\n\nLike this.");
}

TEST(Chunker, WrongOptionsAreNamed) {
  const Document document = DocumentOf("text");
  const auto message = [&](const ChunkOptions& options, const ChunkTools& tools = {}) {
    const auto chunking = SplitPlainly(document, options, tools);
    return chunking.ok() ? std::string() : chunking.error().Message();
  };
  EXPECT_THAT(message(OptionsOf("sentense", 100)), HasSubstr("did you mean 'sentence'"));
  EXPECT_THAT(message(OptionsOf("fixed", 100, 60)), HasSubstr("overlap: got 60, want at most half of the limit, 50"));
  EXPECT_THAT(message(OptionsOf("fixed", 5)), HasSubstr("limit"));
  ChunkOptions options = OptionsOf("fixed", 100);
  options.percentile = 95;
  EXPECT_THAT(message(options), HasSubstr("percentile: got it with the method 'fixed'"));
  options = OptionsOf("fixed", 100);
  options.unit = "tokens";
  EXPECT_THAT(message(options), HasSubstr("unit: got tokens"));
  ChunkTools tools;
  tools.counter = std::make_shared<PieceCounter>();
  tools.max_tokens = 64;
  EXPECT_THAT(message(options, tools), HasSubstr("want at most 53"));
}

TEST(Chunker, TheLimitFollowsTheEmbedder) {
  ChunkTools tools;
  tools.counter = std::make_shared<PieceCounter>();
  tools.max_tokens = 254;
  const auto entry = FindChunker("sentence");
  ASSERT_TRUE(entry.ok());
  const auto limits = LimitsOf(**entry, {}, tools);
  ASSERT_TRUE(limits.ok());
  EXPECT_EQ(limits->unit, ChunkUnit::kTokens);
  EXPECT_EQ(limits->limit, 211);
  EXPECT_EQ(limits->preface, 42);
}

TEST(Chunker, OptionsAreReadFromADescription) {
  const auto options = ReadJson<ChunkOptions>(*Json::Parse(R"({"method":"recursive","limit":500,"overlap":50})"));
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->limit, 500);
  EXPECT_FALSE(ReadJson<ChunkOptions>(*Json::Parse(R"({"limits":500})")).ok());
}

TEST(Outline, MarkdownIsScanned) {
  const auto kinds = [](std::string_view text) {
    std::vector<std::pair<TextMark::Kind, std::string>> found;
    for (const TextMark& mark : ScanMarkdown(text)) found.emplace_back(mark.kind, TextOf(text, mark.span));
    return found;
  };
  using Kind = TextMark::Kind;
  using P = std::pair<Kind, std::string>;
  EXPECT_THAT(
      kinds("---\ntitle: x\n---\nText\n====\nmore\n"),
      ElementsAre(P(Kind::kCode, "---\ntitle: x\n---"), P(Kind::kHeading, "Text\n===="), P(Kind::kParagraph, "more")));
  EXPECT_THAT(kinds("```\n# no heading\n"), ElementsAre(P(Kind::kCode, "```\n# no heading")));
  EXPECT_THAT(kinds("- a\n\n  b\n- c\n\nd"),
              ElementsAre(P(Kind::kListItem, "- a\n\n  b"), P(Kind::kListItem, "- c"), P(Kind::kParagraph, "d")));
  EXPECT_THAT(kinds("> q\n> r\ntext"), ElementsAre(P(Kind::kQuote, "> q\n> r"), P(Kind::kParagraph, "text")));
  EXPECT_THAT(kinds("#hashtag\n"), ElementsAre(P(Kind::kParagraph, "#hashtag")));
  EXPECT_THAT(kinds(""), IsEmpty());
}

}  // namespace
}  // namespace atelier
