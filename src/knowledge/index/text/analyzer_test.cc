// What texts become.
#include "knowledge/index/text/analyzer.h"

#include <gtest/gtest.h>

#include "knowledge/index/text/highlight.h"
#include "knowledge/index/text/text_testing.h"

namespace atelier {
namespace {

// "term@position", in order.
std::string Terms(const Analyzer& analyzer, std::string_view text) {
  std::string out;
  analyzer.Analyze(text, [&](const TextToken& token) {
    EXPECT_LT(token.begin, token.end);
    EXPECT_LE(token.end, text.size());
    out += (out.empty() ? "" : " ") + std::string(token.term) + "@" + std::to_string(token.position);
  });
  return out;
}

TEST(Analyzer, IdentifiersAreWholeAndInParts) {
  const Analyzer none = Make("none");
  EXPECT_EQ(Terms(none, "HybridIndex hybrid_index"), "hybridindex@0 hybrid@0 index@1 hybridindex@2 hybrid@2 index@3");
  EXPECT_EQ(Terms(none, "http2Server"), "http2server@0 http2@0 server@1");
  EXPECT_EQ(Terms(none, "HTTPServer parseURL"), "httpserver@0 http@0 server@1 parseurl@2 parse@2 url@3");
  EXPECT_EQ(Terms(none, "mRNA DNAs iPhone x86 __init__ ___"), "mrna@0 dnas@1 iphone@2 x86@3 init@4");
  EXPECT_EQ(Terms(none, "v4l2_buf_type"), "v4l2buftype@0 v4l2@0 buf@1 type@2");
}

TEST(Analyzer, NumbersCaseAndForms) {
  const Analyzer none = Make("none");
  EXPECT_EQ(Terms(none, "3.14 2. v1.5"), "3.14@0 3@0 14@1 2@2 v1@3 5@4");
  EXPECT_EQ(Terms(none, "Stra\u00dfe \ufb01ne \uff21\uff22"), "strasse@0 fine@1 ab@2");
  EXPECT_EQ(Terms(none, "caf\u00e9 cafe\u0301 \u0439\u043e\u0434"), "cafe@0 cafe@1 \u0439\u043e\u0434@2");
  EXPECT_EQ(Terms(none, "co\u00adop don't"), "coop@0 don@1 t@2");
  EXPECT_EQ(Terms(none,
                  "a\xff\xfe"
                  "b \xe4\xb8"),
            "a@0 b@1");
  EXPECT_EQ(Terms(none, std::string(600, 'x')),
            std::string(256, 'x') + "@0 " + std::string(256, 'x') + "@1 " + std::string(88, 'x') + "@2");
}

TEST(Analyzer, CjkIsPairs) {
  const Analyzer none = Make("none");
  EXPECT_EQ(Terms(none, "\u4e2d\u56fd\u4eba ok\u5b57"), "\u4e2d\u56fd@0 \u56fd\u4eba@1 \u4eba@2 ok@3 \u5b57@4");
}

TEST(Analyzer, LanguagesAreThoseOfSnowball) {
  for (const std::string& language : Analyzer::Languages()) EXPECT_TRUE(Analyzer::Create(language).ok()) << language;
  const auto unknown = Analyzer::Create("tlh");
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().Message().find("'tlh'"), std::string::npos);
  EXPECT_NE(unknown.error().Message().find("none"), std::string::npos);
}

// Stems as PyPI snowballstemmer 2.2 gives them, accents then dropped.
TEST(Analyzer, StemsAreSnowballs) {
  struct Golden {
    const char* language;
    const char* text;
    const char* stems;
  };
  for (const Golden& golden : {
           Golden{"en", "running flies happily relational generously organization studies knightly dying news",
                  "run fli happili relat generous organ studi knight die news"},
           Golden{"de", "aufeinander häusern kategorischen möglichkeiten schönste lieblichkeit jährlich",
                  "aufeinand haus kategor moglich schon lieblich jahrlich"},
           Golden{"fr", "continuellement majestueuse nationalité chevaux régions générales finirions",
                  "continuel majestu national cheval region general fin"},
           Golden{"es", "canciones rápidamente nacionalidades trabajando habilidad construcción",
                  "cancion rapid nacional trabaj habil construccion"},
           Golden{"ru", "книгами красивого путешествие читающий", "книг красив путешеств чита"},
           Golden{"sv", "friskarna jaktkarlarne klokheten häftigheten", "frisk jaktkarl klok haft"},
       }) {
    std::string got;
    Make(golden.language).Analyze(golden.text, [&](const TextToken& token) {
      got += (got.empty() ? "" : " ") + std::string(token.term);
    });
    EXPECT_EQ(got, golden.stems) << golden.language;
  }
}

TEST(Analyzer, StopWordsAreLeftOutOfQueriesThatSayMore) {
  const Analyzer en = Make("en");
  EXPECT_EQ(WordsQuery("How does the scheduler preempt?", en).clauses.size(), 2u);
  EXPECT_EQ(WordsQuery("who is who", en).clauses.size(), 3u);
  EXPECT_EQ(WordsQuery("", en).clauses.size(), 0u);
}

TEST(TextQuery, AnyTextIsAQuery) {
  const Analyzer en = Make("en");
  const TextSchema schema{{{"body", 1}, {"title", 1}}};
  using Kind = TextClause::Kind;
  using Occur = TextClause::Occur;
  const auto kinds = [&](const char* text) {
    std::vector<std::pair<Kind, Occur>> out;
    for (const TextClause& clause : ParseTextQuery(text, en, schema).clauses)
      out.push_back({clause.kind, clause.occur});
    return out;
  };
  using Kinds = std::vector<std::pair<Kind, Occur>>;
  EXPECT_EQ(kinds("+alpha -\"beta gamma\" del*"),
            (Kinds{{Kind::kWord, Occur::kMust}, {Kind::kPhrase, Occur::kMustNot}, {Kind::kPrefix, Occur::kShould}}));
  EXPECT_EQ(kinds("alph~2 \"unclosed quote"),
            (Kinds{{Kind::kFuzzy, Occur::kShould}, {Kind::kWord, Occur::kShould}, {Kind::kWord, Occur::kShould}}));
  EXPECT_EQ(kinds("+utf-8"), (Kinds{{Kind::kPhrase, Occur::kMust}}));
  EXPECT_EQ(kinds("- + ~ * \"\" ::: title: (((\\"), Kinds({{Kind::kWord, Occur::kShould}}));
  const TextQuery query = ParseTextQuery("title:\"two words\"~3 foreign:word", en, schema);
  ASSERT_EQ(query.clauses.size(), 3u);
  EXPECT_EQ(query.clauses[0].field, 1);
  EXPECT_EQ(query.clauses[0].slop, 3u);
  EXPECT_EQ(query.clauses[1].field, -1);
}

TEST(Highlights, MarkWhatAQueryFound) {
  const Analyzer en = Make("en");
  const auto marked = [&](std::string text, const char* query) {
    const std::vector<HighlightSpan> spans = Highlights(text, ParseTextQuery(query, en, {}), en);
    for (size_t i = spans.size(); i-- > 0;) {
      text.insert(spans[i].end, "]");
      text.insert(spans[i].begin, "[");
    }
    return text;
  };
  EXPECT_EQ(marked("The scheduler schedules HybridIndex runs.", "scheduling hybrid"),
            "The [scheduler] [schedules] [Hybrid]Index runs.");
  EXPECT_EQ(marked("HybridIndex", "HybridIndex"), "[HybridIndex]");
  EXPECT_EQ(marked("red green, green red", "\"red green\""), "[red] [green], green red");
  EXPECT_EQ(marked("red x green", "\"red green\"~1 -x"), "[red] x [green]");
  EXPECT_EQ(marked("prefixes and prefix", "pref*"), "[prefixes] and [prefix]");
  EXPECT_EQ(marked("colour color colr", "color~"), "[colour] [color] [colr]");
}

TEST(TextView, SuggestsWordsAsTheyAreWritten) {
  const Analyzer en = Make("en");
  const std::vector<Texts> records = {{"Scheduling the universal scheduler"}, {"schedules"}, {"A university"}};
  const Stored stored(Build(en, {}, records));
  const TextView view({{stored.segment.get(), nullptr}});
  const auto texts_of = [&](uint32_t, uint32_t record) { return records[record][0]; };
  const auto texts = [&](const char* typed) {
    std::string out;
    for (const TextSuggestion& s : view.Suggest(typed, 3, en, texts_of)) out += (out.empty() ? "" : " ") + s.text;
    return out;
  };
  EXPECT_EQ(texts("sched"), "scheduling");  // one stem, as its first record writes it
  EXPECT_EQ(texts("how schedulin"), "scheduling");
  EXPECT_EQ(texts("shedule"), "scheduling");
  EXPECT_EQ(texts("unive"), "universal");
  EXPECT_EQ(texts(""), "");
}

}  // namespace
}  // namespace atelier
