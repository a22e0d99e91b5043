// What every Corpus promises, on this machine and in PostgreSQL. The latter runs where ATELIER_POSTGRES is the address
// of a server whose schema "atelier" the tests may write (tests/postgres/run starts one).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <thread>

#include "base/io/sim_files.h"
#include "base/random.h"
#include "base/text/glob.h"
#include "knowledge/corpus/corpus_record.h"
#include "knowledge/corpus/local_corpus.h"
#include "knowledge/index/filter_match.h"
#include "knowledge/index/index_testing.h"
#include "knowledge/postgres/postgres_corpus.h"
#include "knowledge/postgres/word_query.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Op = Filter::Op;

constexpr int32_t kDimensions = 3;
constexpr const char* kName = "conformance";

enum class Kind { kLocal, kPostgres };

const char* Address() { return std::getenv("ATELIER_POSTGRES"); }

PostgresCorpusOptions Options() {
  return {.address = Address(), .name = kName, .embedder = "model", .dimensions = kDimensions, .language = "en"};
}

// A document whose chunks are its lines.
IndexedDocument Lines(const std::string& id, const std::string& text, Json attributes = Json::Object()) {
  IndexedDocument indexed;
  indexed.source_id = id;
  indexed.source = {.size = 5, .modified_ns = 1'732'000'000'123'456'789, .hashed_ns = 7, .sha256 = "ab"};
  indexed.document.id = id;
  indexed.document.title = "On " + id;
  indexed.document.media_type = "text/plain";
  indexed.document.text = text;
  indexed.document.attributes = std::move(attributes);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    IndexedDocument::Part part;
    part.chunk.span = part.chunk.shown = {static_cast<int64_t>(begin), static_cast<int64_t>(end)};
    const auto turn = static_cast<float>(indexed.parts.size());
    part.vector = {1, turn, static_cast<float>(text.size()) / 100};
    part.hash = "h" + std::to_string(indexed.parts.size());
    indexed.parts.push_back(std::move(part));
    begin = end + 1;
  }
  return indexed;
}

class CorpusConformance : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::kLocal) {
      auto opened = LocalCorpus::Open(files_, "/corpus", {.embedder = "model", .dimensions = kDimensions});
      ASSERT_TRUE(opened.ok()) << opened.error().Message();
      corpus_ = std::move(*opened);
      return;
    }
    if (Address() == nullptr) GTEST_SKIP() << "ATELIER_POSTGRES is not set";
    if (const auto removed = PostgresCorpus::Remove(Address(), kName); !removed.ok()) {
      ASSERT_EQ(removed.error().kind, ErrorKind::kNotFound) << removed.error().Message();
    }
    auto opened = PostgresCorpus::Open(Options());
    ASSERT_TRUE(opened.ok()) << opened.error().Message();
    corpus_ = std::move(*opened);
  }

  void Put(IndexedDocument document) {
    const std::string source = document.source_id;
    std::vector<IndexedDocument> documents;
    documents.push_back(std::move(document));
    const auto put = corpus_->Replace({source}, std::move(documents));
    ASSERT_TRUE(put.ok()) << put.error().Message();
  }
  std::vector<std::string> Words(const std::string& text, Filter filter = {}, Filter visible = {}) {
    const auto found = corpus_->Search({.text = text, .vector = {}, .filter = filter, .visible = visible, .top_k = 50});
    EXPECT_TRUE(found.ok()) << found.error().Message();
    std::vector<std::string> ids;
    if (found.ok()) {
      for (const Found& one : *found) ids.push_back(one.chunk_id);
    }
    return ids;
  }
  std::vector<std::string> Nearest(std::vector<float> vector, int32_t top_k, Filter filter = {}, Filter visible = {}) {
    const auto found = corpus_->Search(
        {.text = "", .vector = std::move(vector), .filter = filter, .visible = visible, .top_k = top_k});
    EXPECT_TRUE(found.ok()) << found.error().Message();
    std::vector<std::string> ids;
    for (const Found& one : *found) ids.push_back(one.chunk_id);
    return ids;
  }
  std::vector<std::string> Listed(const Filter& filter, const Filter& visible = {}) {
    const auto listings = corpus_->List(filter, visible, "", 10'000);
    EXPECT_TRUE(listings.ok()) << listings.error().Message();
    std::vector<std::string> ids;
    for (const DocumentListing& one : *listings) ids.push_back(one.id);
    return ids;
  }

  SimFiles files_;
  std::unique_ptr<Corpus> corpus_;
};

INSTANTIATE_TEST_SUITE_P(All, CorpusConformance, testing::Values(Kind::kLocal, Kind::kPostgres),
                         [](const auto& kind) { return kind.param == Kind::kLocal ? "Local" : "Postgres"; });

TEST_P(CorpusConformance, SummariesAndFactsOfChunksAreKept) {
  IndexedDocument document = Lines("a.txt", "engines turn\nwheels roll");
  document.parts[0].chunk.facts.entities = {{"engine", "machine"}};
  document.parts[0].chunk.facts.relations = {{"engine", "turns", "wheel"}};
  IndexedDocument::Part summary = document.parts[0];
  summary.chunk.facts = {};
  summary.chunk.span = summary.chunk.shown = {0, static_cast<int64_t>(document.document.text.size())};
  summary.chunk.sums_up = true, summary.chunk.context = "about machinery";
  document.parts.push_back(summary);
  Put(document);
  const auto machinery = corpus_->Passages(Words("machinery"), {});
  ASSERT_TRUE(machinery.ok()) << machinery.error().Message();
  ASSERT_EQ(machinery->size(), 1u);
  EXPECT_TRUE((*machinery)[0].chunk.sums_up);
  EXPECT_EQ((*machinery)[0].shown, "about machinery");
  EXPECT_EQ((*machinery)[0].text, document.document.text);
  const auto engines = corpus_->Passages(Words("engines"), {});
  ASSERT_TRUE(engines.ok()) << engines.error().Message();
  ASSERT_EQ(engines->size(), 1u) << "the summary is not found by the text below it";
  EXPECT_EQ((*engines)[0].chunk.facts, document.parts[0].chunk.facts);
}

TEST_P(CorpusConformance, WhatIsPutIsFoundListedAndRead) {
  Put(Lines("a.txt", "the engine schedules\nthe \xC3\xA9tude rests",
            Json::Object({{"year", 2024}, {"tags", Json::Array({"x"})}})));
  Put(Lines("b.txt", "rivers run to oceans"));
  EXPECT_THAT(Words("engine"), ElementsAre("c/a.txt#000000"));
  EXPECT_THAT(Words("engines river"), UnorderedElementsAre("c/a.txt#000000", "c/b.txt#000000")) << "stems, any word";
  EXPECT_THAT(Words("\"run to oceans\""), ElementsAre("c/b.txt#000000"));
  EXPECT_THAT(Words("\"oceans run\""), ElementsAre());
  EXPECT_THAT(Words("sched*"), ElementsAre("c/a.txt#000000"));
  EXPECT_THAT(Words("run +engine"), ElementsAre("c/a.txt#000000"));
  EXPECT_THAT(Words("run rests -engine -rivers"), ElementsAre("c/a.txt#000001"));
  EXPECT_THAT(Words("'; DROP TABLE x; -- \\ & | ! ( :* <->"), ElementsAre());
  EXPECT_THAT(Words("title:\"on b\""), ElementsAre("c/b.txt#000000"));
  EXPECT_THAT(Words("title:engine"), ElementsAre());
  const auto passages = corpus_->Passages({"c/b.txt#000000", "c/no", "c/a.txt#000001"}, {});
  ASSERT_TRUE(passages.ok()) << passages.error().Message();
  ASSERT_EQ(passages->size(), 2u);
  EXPECT_EQ((*passages)[0].text, "rivers run to oceans");
  EXPECT_EQ((*passages)[1].text, "the \xC3\xA9tude rests");
  EXPECT_EQ((*passages)[1].title, "On a.txt");
  EXPECT_EQ((*passages)[1].chunk_index, 1);
  EXPECT_EQ((*passages)[1].attributes["year"], Json(2024));
  EXPECT_EQ(corpus_->Read("a.txt", {4, 10}, {}).value(), "engine");
  EXPECT_EQ(corpus_->Read("b.txt", {14, 1000}, {}).value(), "oceans");
  EXPECT_EQ(corpus_->Read("b.txt", {1000, 2000}, {}).value(), "");
  EXPECT_EQ(corpus_->Read("c.txt", {0, 1}, {}).error().kind, ErrorKind::kNotFound);
  const auto listings = corpus_->List({}, {}, "a.txt", 10);
  ASSERT_TRUE(listings.ok()) << listings.error().Message();
  ASSERT_EQ(listings->size(), 1u);
  EXPECT_EQ((*listings)[0].source.modified_ns, 1'732'000'000'123'456'789);
  EXPECT_EQ((*listings)[0].num_bytes, 20);
  EXPECT_EQ((*listings)[0].num_chunks, 1);
  EXPECT_EQ(corpus_->Stats()->num_documents, 2);
  EXPECT_EQ(corpus_->Stats()->num_chunks, 3);
}

TEST_P(CorpusConformance, IdentifiersAndTextsWithoutSpacesMatchInParts) {
  Put(Lines("a", "call HybridIndex::Open(path) at 3.14\n\u6771\u4EAC\u90FD\u306E\u5929\u6C17"));
  EXPECT_THAT(Words("hybridindex"), ElementsAre("c/a#000000"));
  EXPECT_THAT(Words("index"), ElementsAre("c/a#000000"));
  EXPECT_THAT(Words("3.14"), ElementsAre("c/a#000000"));
  EXPECT_THAT(Words("\u4EAC\u90FD"), ElementsAre("c/a#000001"));
  EXPECT_THAT(Words("\u90FD\u4EAC"), ElementsAre());
}

TEST_P(CorpusConformance, VectorsAreFoundByLikenessAndKept) {
  Put(Lines("a.txt", "one\ntwo\nthree"));
  EXPECT_THAT(Nearest({1, 2, 0}, 2), ElementsAre("c/a.txt#000002", "c/a.txt#000001"));
  EXPECT_THAT(Nearest({1, 0, 0}, 1, Filter::Not(Filter::Compare(Op::kEq, "$id", "c/a.txt#000000"))),
              ElementsAre("c/a.txt#000001"));
  const auto found = corpus_->Search({.text = "two", .vector = {2, 2, 0.26F}, .filter = {}, .visible = {}, .top_k = 1});
  ASSERT_TRUE(found.ok()) << found.error().Message();
  ASSERT_EQ(found->size(), 1u);
  EXPECT_TRUE((*found)[0].text_score.has_value());
  EXPECT_NEAR((*found)[0].vector_score.value_or(0), 1, 1e-5);
  const auto vectors = corpus_->Vectors("a.txt");
  ASSERT_TRUE(vectors.ok());
  ASSERT_EQ(vectors->size(), 3u);
  EXPECT_EQ((*vectors)[1].first, "h1");
  EXPECT_NEAR((*vectors)[1].second[1] / (*vectors)[1].second[0], 1, 1e-6) << "up to its length";
  const auto of_chunks = corpus_->ChunkVectors({"c/a.txt#000001", "c/none#000000", "c/a.txt#000000"});
  ASSERT_TRUE(of_chunks.ok()) << of_chunks.error().Message();
  ASSERT_EQ(of_chunks->size(), 3u);
  EXPECT_EQ((*of_chunks)[0], (*vectors)[1].second) << "in the order asked for";
  EXPECT_THAT((*of_chunks)[1], IsEmpty());
  EXPECT_EQ((*of_chunks)[2], (*vectors)[0].second);
  EXPECT_FALSE(corpus_->Search({.text = "", .vector = {1, 2}, .filter = {}, .visible = {}}).ok());
}

TEST_P(CorpusConformance, ASourceIsReplacedAsAWhole) {
  Put(Lines("a.zip", "first words"));
  IndexedDocument inner = Lines("a.zip!/x", "inner words");
  inner.source_id = "a.zip";
  Put(std::move(inner));
  EXPECT_THAT(Listed({}), ElementsAre("a.zip!/x"));
  EXPECT_THAT(Words("words"), ElementsAre("c/a.zip!/x#000000"));
  ASSERT_TRUE(corpus_->Touch({{"a.zip", {.size = 9, .modified_ns = 8, .hashed_ns = 7, .sha256 = "cd"}}}).ok());
  EXPECT_EQ(corpus_->List({}, {}, "", 1).value()[0].source.sha256, "cd");
  ASSERT_TRUE(corpus_->SetAttributes("a.zip", Json::Object({{"lang", "de"}})).ok());
  EXPECT_THAT(Words("words", Filter::Compare(Op::kEq, "lang", "de")), ElementsAre("c/a.zip!/x#000000"));
  EXPECT_THAT(Nearest({1, 0, 0}, 1), ElementsAre("c/a.zip!/x#000000"));
  ASSERT_TRUE(corpus_->Replace({"a.zip", "never there"}, {}).ok());
  EXPECT_THAT(Listed({}), ElementsAre());
  EXPECT_THAT(Words("words"), ElementsAre());
}

TEST_P(CorpusConformance, FiltersMeanWhatTheirDefinitionSays) {
  Random random(5);
  std::vector<std::pair<std::string, Json>> put;
  std::vector<IndexedDocument> documents;
  for (int i = 0; i < 120; ++i) {
    put.emplace_back("r" + std::to_string(i), RandomAttributes(random));
    documents.push_back(Lines(put.back().first, "words of " + put.back().first, put.back().second));
  }
  ASSERT_TRUE(corpus_->Replace({}, std::move(documents)).ok());
  for (int i = 0; i < 300; ++i) {
    const Filter filter = RandomFilter(random, 3);
    std::set<std::string> wanted;
    for (const auto& [id, attributes] : put) {
      if (FilterPasses(filter, "d/" + id, attributes)) wanted.insert(id);
    }
    const std::vector<std::string> got = Listed(filter);
    EXPECT_EQ(std::vector<std::string>(wanted.begin(), wanted.end()), got) << WriteFilter(filter).Dump();
  }
}

TEST_P(CorpusConformance, WhatIsHiddenChangesNothing) {
  const Filter visible = Filter::Compare(Op::kGlob, "@document", "open/**");
  Put(Lines("open/a", "copper garden\nviolet matrix"));
  Put(Lines("open/b", "garden of paper"));
  const auto answers = [&] {
    return std::tuple(Words("garden violet", {}, visible), Nearest({1, 1, 0.5F}, 3, {}, visible), Listed({}, visible));
  };
  const auto scores = [&] {
    std::vector<double> all;
    const auto found = corpus_->Search({.text = "garden violet", .vector = {}, .filter = {}, .visible = visible});
    for (const Found& one : *found) all.push_back(*one.text_score);
    return all;
  };
  const auto alone = answers();
  const auto alone_scores = scores();
  for (int i = 0; i < 30; ++i) Put(Lines("hidden/" + std::to_string(i), "garden violet\ngarden garden"));
  EXPECT_EQ(answers(), alone);
  EXPECT_EQ(scores(), alone_scores);
  EXPECT_EQ(corpus_->Read("hidden/1", {0, 4}, visible).error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(corpus_->Passages({"c/hidden/1#000000"}, visible).value().empty());
}

TEST_P(CorpusConformance, OddTextsComeBackAsTheyWere) {
  const std::string odd("zero\0byte \xF0\x9F\x8D\x8B \\x41 'quoted' \"double\"", 37);
  Put(Lines("odd \xC3\xA4 '.txt", odd));
  EXPECT_EQ(corpus_->Read("odd \xC3\xA4 '.txt", {0, 1000}, {}).value(), odd);
  EXPECT_THAT(Words("quoted"), ElementsAre("c/odd \xC3\xA4 '.txt#000000"));
}

// What is asked for either works, or is an error that names it and what keeps the corpus.
TEST_P(CorpusConformance, WhatItSaysOfItselfIsSo) {
  using C = CorpusCapability;
  Put(Lines("open/a", "copper garden\nviolet matrix", Json::Object({{"year", 2024}})));
  Put(Lines("b", "garden paper copper", Json::Object({{"year", 2020}})));
  const CorpusCapabilities capabilities = corpus_->capabilities();
  const auto says = [&](C capability, const auto& result) {
    const std::string_view what = AllCorpusCapabilities()[static_cast<size_t>(capability)].what;
    EXPECT_EQ(result.ok(), capabilities.Of(capability) == CorpusCapabilities::Support::kYes) << what;
    if (result.ok()) return true;
    EXPECT_EQ(result.error().kind, ErrorKind::kUnsupported);
    EXPECT_THAT(result.error().Message(), HasSubstr("got " + std::string(what) + ", which "));
    EXPECT_THAT(result.error().Message(), HasSubstr(capabilities.backend() + " lacks"));
    return false;
  };
  const auto searched = [&](C capability, const std::string& text, size_t num_wanted) {
    const auto found = corpus_->Search({.text = text, .vector = {}, .filter = {}, .visible = {}, .top_k = 9});
    if (!says(capability, found)) return;
    EXPECT_EQ(found->size(), num_wanted) << text;
  };
  searched(C::kWords, "garden", 2);
  searched(C::kPhrases, "+\"copper garden\"", 1);
  searched(C::kLoosePhrases, "+\"garden copper\"~3", 2);
  searched(C::kPrefixes, "+matr*", 1);
  searched(C::kNearSpellings, "+gardn~", 2);
  searched(C::kFields, "+title:open", 2);
  says(C::kListing, corpus_->List({}, {}, "", 9));
  says(C::kTexts, corpus_->Read("b", {0, 6}, {}));
  const auto facets = corpus_->Facets("copper", {}, {}, {"year"}, 5);
  if (says(C::kFacets, facets)) {
    ASSERT_EQ(facets->size(), 1U);
    EXPECT_THAT((*facets)[0].values, ElementsAre(testing::Pair(Json(2020), 1), testing::Pair(Json(2024), 1)));
    const Filter visible = Filter::Compare(Op::kGlob, "@document", "open/**");
    EXPECT_THAT(corpus_->Facets("", {}, visible, {"year"}, 5)->at(0).values, ElementsAre(testing::Pair(Json(2024), 2)));
  }
  const auto suggestions = corpus_->Suggest("copper ga", {}, 3);
  if (says(C::kSuggestions, suggestions)) {
    ASSERT_FALSE(suggestions->empty());
    EXPECT_EQ((*suggestions)[0].text, "garden");
    EXPECT_EQ((*suggestions)[0].num_records, 2);
  }
}

TEST_P(CorpusConformance, WritersAndReadersTogether) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 10; ++i) {
        std::vector<IndexedDocument> documents;
        documents.push_back(Lines("shared", "turn " + std::to_string(t) + "\nturn again"));
        EXPECT_TRUE(corpus_->Replace({"shared"}, std::move(documents)).ok());
        const auto found = corpus_->Search({.text = "turn", .vector = {1, 1, 1}, .filter = {}, .visible = {}});
        ASSERT_TRUE(found.ok()) << found.error().Message();
        EXPECT_EQ(found->size(), 2u) << "one commit's chunks";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

class PostgresCorpusTest : public CorpusConformance {};
INSTANTIATE_TEST_SUITE_P(Own, PostgresCorpusTest, testing::Values(Kind::kPostgres));

TEST_P(PostgresCorpusTest, WhatItLacksIsAnErrorByName) {
  const auto fuzzy = corpus_->Search({.text = "engin~", .vector = {}, .filter = {}, .visible = {}});
  EXPECT_EQ(fuzzy.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(fuzzy.error().Message(), HasSubstr("near spellings"));
  const auto nul = corpus_->Replace({"a"}, {});
  EXPECT_TRUE(nul.ok());
  std::vector<IndexedDocument> documents;
  documents.push_back(Lines("a", "text", Json::Object({{"k", Json(std::string("a\0b", 3))}})));
  EXPECT_FALSE(corpus_->Replace({"a"}, std::move(documents)).ok());
  EXPECT_THAT(Listed({}), ElementsAre()) << "all or nothing";
}

TEST_P(PostgresCorpusTest, AnotherEmbedderIsAConflict) {
  PostgresCorpusOptions other = Options();
  other.embedder = "another";
  const auto opened = PostgresCorpus::Open(other);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().Message(), "embedder: got another, and corpus conformance was made with model");
  other.address = "postgresql://127.0.0.1:1/none";
  EXPECT_EQ(PostgresCorpus::Open(other).error().kind, ErrorKind::kUnavailable);
}

TEST(WordQueryTest, WordsBecomeATsquery) {
  const Analyzer analyzer = Analyzer::Create("en").value();
  EXPECT_EQ(ReadWordQuery("red cars", analyzer)->match, "(('red') | ('car'))");
  EXPECT_EQ(ReadWordQuery("\"red cars\" +bus* -blue", analyzer)->match, "('bus':*) & !('blue')");
  EXPECT_EQ(ReadWordQuery("\"red cars\" +bus* -blue", analyzer)->rank, "('red' <1> 'car') | ('bus':*)");
  EXPECT_EQ(ReadWordQuery("  ", analyzer)->match, "");
  EXPECT_EQ(WordVector("red cars", analyzer), "'red':1 'car':2");
}

TEST(PostgresAddressTest, IsOneAndHasNoPassword) {
  EXPECT_TRUE(CheckPostgresAddress("postgresql://user@host/database").ok());
  EXPECT_TRUE(CheckPostgresAddress("host=/run/postgresql dbname=a").ok());
  EXPECT_THAT(CheckPostgresAddress("postgresql://user:secret@host/a").error().Message(), HasSubstr("PGPASSWORD"));
  EXPECT_FALSE(CheckPostgresAddress("no address").ok());
}

TEST(RegexOfGlobTest, IsAnchoredAndEscaped) {
  EXPECT_EQ(RegexOfGlob("a.b/*"), "^(?:a\\.b\\/[^/]*)$");
  EXPECT_EQ(RegexOfGlob("**/*.md"), "^(?:(?:.*/)?[^/]*\\.md)$");
  EXPECT_EQ(RegexOfGlob("[!a-c]?"), "^(?:(?!/)[^a-c][^/])$");
}

}  // namespace
}  // namespace atelier
