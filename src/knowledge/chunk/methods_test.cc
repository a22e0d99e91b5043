// Methods that show more than they find, and those that ask models.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "knowledge/chunk/chunk_testing.h"
#include "knowledge/chunk/embed_chunks.h"
#include "provider/local_testing.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Methods : public testing::Test {
 protected:
  ChunkTools Tools() {
    ChunkTools tools;
    tools.embedder = &embedder_, tools.embedding_model = "words";
    tools.model = &model_, tools.chat_model = "chat";
    return tools;
  }
  static ChunkOptions OptionsOf(std::string method, int64_t limit) {
    ChunkOptions options;
    options.method = std::move(method), options.unit = "characters", options.limit = limit, options.overlap = 0;
    return options;
  }
  Chunking Cut(const Document& document, const ChunkOptions& options) {
    auto chunking = loop_.Run(Split({}, document, options, Tools()));
    EXPECT_TRUE(chunking.ok()) << chunking.error().Message();
    return chunking.ok() ? std::move(*chunking) : Chunking();
  }
  std::string Refusal(const ChunkOptions& options, ChunkTools tools) {
    const Document document = DocumentOf("Some text. And more.");
    const auto chunking = loop_.Run(Split({}, document, options, std::move(tools)));
    return chunking.ok() ? "" : chunking.error().Message();
  }

  ManualLoop loop_{1};
  WordEmbedder embedder_;
  NotingModel model_{loop_, "  It tells of\nthe city of Berlin.  ", 4096};
};

TEST_F(Methods, AWindowIsShownAroundItsSentence) {
  const Document document = DocumentOf("One is. Two is. Three is. Four is.");
  ChunkOptions options = OptionsOf("window", 100);
  options.window = 1;
  const Chunking chunking = Cut(document, options);
  ASSERT_EQ(chunking.chunks.size(), 4u);
  EXPECT_EQ(TextAt(document, chunking.chunks[0].shown), "One is. Two is.");
  EXPECT_EQ(TextAt(document, chunking.chunks[2].span), "Three is.");
  EXPECT_EQ(TextAt(document, chunking.chunks[2].shown), "Two is. Three is. Four is.");
}

TEST_F(Methods, AChildIsShownAsItsParent) {
  const Document document = DocumentOf(
      "# A\n\nThe first sentence of A. The second sentence of A.\n\n# B\n\nThe first sentence of B. The second one.",
      "text/markdown");
  ChunkOptions options = OptionsOf("parent", 32);
  options.parent_limit = 64;
  const Chunking chunking = Cut(document, options);
  ASSERT_EQ(chunking.chunks.size(), 4u);
  EXPECT_THAT(TextAt(document, chunking.chunks[1].span), StartsWith("The second sentence of A."));
  EXPECT_THAT(TextAt(document, chunking.chunks[1].shown), StartsWith("# A\n"));
  EXPECT_THAT(TextAt(document, chunking.chunks[2].shown), StartsWith("# B\n"));
  EXPECT_THAT(chunking.chunks[1].heading_path, ElementsAre("A"));
}

TEST_F(Methods, SemanticCutsWhereTheWordsChange) {
  const Document document =
      DocumentOf("CAT CAT DOG . CAT DOG CAT . DOG CAT CAT . TAX BANK RATE . RATE TAX BANK . BANK RATE TAX .");
  ChunkOptions options = OptionsOf("semantic", 1000);
  options.window = 0;
  const Chunking chunking = Cut(document, options);
  ASSERT_EQ(chunking.chunks.size(), 2u);
  EXPECT_EQ(TextAt(document, chunking.chunks[1].span), "TAX BANK RATE . RATE TAX BANK . BANK RATE TAX .");
}

TEST_F(Methods, WhatIsMissingIsNamed) {
  EXPECT_THAT(Refusal(OptionsOf("semantic", 100), {}), HasSubstr("got semantic, want an embedder"));
  EXPECT_THAT(Refusal(OptionsOf("late", 100), {}), HasSubstr("got late, want an embedder"));
  EXPECT_THAT(Refusal(OptionsOf("contextual", 100), {}), HasSubstr("got contextual, want a language model"));
  EXPECT_THAT(Refusal(OptionsOf("summary_tree", 100), {}), HasSubstr("got summary_tree, want a language model"));
  EXPECT_THAT(Refusal(OptionsOf("graph", 100), {}), HasSubstr("got graph, want a language model"));
  EXPECT_THAT(Refusal(OptionsOf("token", 100), {}), HasSubstr("got token, want a limit in tokens"));
  embedder_.details.token_vectors = false;
  EXPECT_THAT(Refusal(OptionsOf("late", 100), Tools()),
              HasSubstr("late with 'words', want an embedder of this machine"));
  embedder_.details.token_vectors = true;
  embedder_.details.pools_by_mean = false;
  EXPECT_THAT(Refusal(OptionsOf("late", 100), Tools()), HasSubstr("means of its tokens'"));
}

TEST_F(Methods, LateVectorsAreMeansOfTheTokensOfTheSpan) {
  // Longer than the embedder's 64 tokens, so that it is read in windows.
  std::string text;
  for (int i = 0; i < 100; ++i) text += "word" + std::to_string(i) + (i % 10 == 9 ? ". " : " ");
  const Document document = DocumentOf(text);
  const Chunking chunking = Cut(document, OptionsOf("late", 150));
  ASSERT_TRUE(chunking.late);
  ASSERT_GT(chunking.chunks.size(), 4u);
  const auto vectors = loop_.Run(EmbedChunks({}, document, chunking, Tools()));
  ASSERT_TRUE(vectors.ok()) << vectors.error().Message();
  EXPECT_GT(embedder_.texts.size(), 3u);
  for (size_t i = 0; i < chunking.chunks.size(); ++i) {
    std::vector<double> want(WordEmbedder::kSize);
    std::istringstream words(TextAt(document, chunking.chunks[i].span));
    for (std::string word; words >> word;) want[WordEmbedder::PlaceOf(word)] += 1;
    double square = 0;
    for (const double value : want) square += value * value;
    for (size_t k = 0; k < want.size(); ++k) EXPECT_NEAR((*vectors)[i][k], want[k] / std::sqrt(square), 1e-5) << i;
  }
}

TEST_F(Methods, ChunksAreOtherwiseEmbeddedWithWhatStandsBeforeThem) {
  Document document = DocumentOf("# A\n\n" + std::string(60, 'x') + "\n\nLast words.", "text/markdown");
  document.title = "Book";
  const Chunking chunking = Cut(document, OptionsOf("structure", 70));
  ASSERT_EQ(chunking.chunks.size(), 2u);
  ASSERT_TRUE(loop_.Run(EmbedChunks({}, document, chunking, Tools())).ok());
  EXPECT_EQ(embedder_.texts.back(), "Book > A\nLast words.");
}

TEST_F(Methods, AContextIsAskedWithTheDocumentFirst) {
  const Document document =
      DocumentOf("Berlin is a city. It has a wall. " + std::string(100, 'y') + ". The end of it.");
  const Chunking chunking = Cut(document, OptionsOf("contextual", 60));
  ASSERT_GT(chunking.chunks.size(), 2u);
  ASSERT_EQ(model_.prompts.size(), chunking.chunks.size());
  const std::string common = "<document>\n" + document.text + "\n</document>";
  for (const std::string& prompt : model_.prompts) EXPECT_THAT(prompt, StartsWith(common));
  EXPECT_EQ(chunking.chunks[1].context, "It tells of the city of Berlin.");
}

TEST_F(Methods, SummariesAreSummedUpUntilOneIsLeft) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "Sentence number " + std::to_string(i) + " is here. ";
  const Document document = DocumentOf(text);
  const Chunking chunking = Cut(document, OptionsOf("summary_tree", 50));
  const auto first = std::ranges::find_if(chunking.chunks, &Chunk::sums_up);
  const auto num_leaves = first - chunking.chunks.begin();
  ASSERT_GT(num_leaves, 6);
  ASSERT_LE(num_leaves, 36);
  const auto num_groups = (num_leaves + 5) / 6;
  ASSERT_EQ(std::ssize(chunking.chunks), num_leaves + num_groups + 1) << "a summary of each group, and one of all";
  EXPECT_EQ(first->span.begin, 0);
  EXPECT_EQ(first->context, "It tells of the city of Berlin.");
  EXPECT_EQ(chunking.chunks.back().span.begin, 0);
  EXPECT_EQ(chunking.chunks.back().span.end, chunking.chunks[static_cast<size_t>(num_leaves) - 1].span.end);
  EXPECT_THAT(model_.prompts[0], HasSubstr("Sentence number 0 is here."));
  EXPECT_THAT(model_.prompts.back(), HasSubstr("It tells of the city of Berlin.\n\nIt tells of"));
  EXPECT_EQ(EmbeddedText(document, *first, chunking.limits, nullptr), "It tells of the city of Berlin.");

  EXPECT_EQ(Cut(DocumentOf("One chunk."), OptionsOf("summary_tree", 50)).chunks.size(), 1u) << "nothing to sum up";
}

TEST_F(Methods, FactsAreReadUnderASchema) {
  NotingModel model(loop_, R"({"entities": [{"name": "Ada  Lovelace", "kind": "person"}, {"name": "", "kind": "x"},
      {"name": "Ada Lovelace", "kind": "person"}], "relations": [
      {"source": "Ada Lovelace", "relation": "wrote", "target": "the first program"},
      {"source": "a", "relation": "is", "target": "a"}]})",
                    1000);
  ChunkTools tools = Tools();
  tools.model = &model;
  const Document document = DocumentOf("Ada Lovelace wrote the first program.");
  const auto chunking = loop_.Run(Split({}, document, OptionsOf("graph", 100), tools));
  ASSERT_TRUE(chunking.ok()) << chunking.error().Message();
  ASSERT_EQ(chunking->chunks.size(), 1u);
  const ChunkFacts& facts = chunking->chunks[0].facts;
  ASSERT_EQ(facts.entities.size(), 1u) << "without those without a name, each once";
  EXPECT_EQ(facts.entities[0], (ChunkFacts::Entity{"Ada Lovelace", "person"}));
  ASSERT_EQ(facts.relations.size(), 1u);
  EXPECT_EQ(facts.relations[0].target, "the first program");
  EXPECT_TRUE(Cut(document, OptionsOf("graph", 100)).chunks[0].facts.empty()) << "what is no JSON says nothing";
}

TEST_F(Methods, OfALongDocumentThePartAroundAChunkIsRead) {
  NotingModel small(loop_, "So it is.", 600);
  ChunkTools tools = Tools();
  tools.model = &small;
  std::string text;
  for (int i = 0; i < 300; ++i) text += "Sentence number " + std::to_string(i) + ". ";
  const Document document = DocumentOf(text);
  const auto chunking = loop_.Run(Split({}, document, OptionsOf("contextual", 100), tools));
  ASSERT_TRUE(chunking.ok());
  for (size_t i = 0; i < chunking->chunks.size(); ++i) {
    EXPECT_LT(small.prompts[i].size(), 1800u);
    EXPECT_THAT(small.prompts[i].substr(0, small.prompts[i].find("</document>")),
                HasSubstr(TextAt(document, chunking->chunks[i].span)));
  }
}

const char kMiniLm[] = "all-minilm-l6-v2";
const char kSmol[] = "smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf";

TEST(RealMethods, MiniLmEmbedsLateAndOneChunkHasTheDocumentsVector) {
  REQUIRE_LOCAL_MODEL(kMiniLm);
  LocalBench bench;
  ChunkTools tools;
  tools.embedder = &bench.provider(), tools.embedding_model = kMiniLm;
  ChunkOptions options;
  options.method = "late", options.unit = "characters", options.overlap = 0;
  const Document document =
      DocumentOf("Berlin is the capital of Germany. Its population is large. The city has a wall.");
  const auto vectors_of = [&](int64_t limit) {
    options.limit = limit;
    const auto chunking = bench.Run(Split({}, document, options, tools));
    EXPECT_TRUE(chunking.ok()) << chunking.error().Message();
    auto vectors = bench.Run(EmbedChunks({}, document, *chunking, tools));
    EXPECT_TRUE(vectors.ok()) << vectors.error().Message();
    return *vectors;
  };
  EmbeddingRequest request;
  request.model = kMiniLm;
  request.inputs = {TextPrompt{document.text}, TextPrompt{"Its population is large."}, TextPrompt{"Berlin"}};
  const auto alone = bench.Run(bench.provider().Embed({}, request));
  ASSERT_TRUE(alone.ok());
  const auto whole = vectors_of(400);
  ASSERT_EQ(whole.size(), 1u);
  for (size_t k = 0; k < whole[0].size(); ++k) EXPECT_NEAR(whole[0][k], alone->vectors[0][k], 1e-5);
  const auto parts = vectors_of(36);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_NE(parts[1], alone->vectors[1]);  // in its document, a sentence says something else
}

TEST(RealMethods, SmolLmWritesAContext) {
  REQUIRE_LOCAL_MODEL(kSmol);
  LocalBench bench;
  ChunkTools tools;
  tools.model = &bench.provider(), tools.chat_model = kSmol;
  ChunkOptions options;
  options.method = "contextual", options.limit = 64, options.unit = "characters", options.context_tokens = 16;
  const Document document =
      DocumentOf("Berlin is the capital of Germany. Its population is large. The city had a wall.");
  const auto chunking = bench.Run(Split({}, document, options, tools));
  ASSERT_TRUE(chunking.ok()) << chunking.error().Message();
  for (const Chunk& chunk : chunking->chunks) EXPECT_FALSE(chunk.context.empty());
  // What it cost is counted: each prompt has the document and the words around it.
  EXPECT_GT(chunking->model_tokens, std::ssize(chunking->chunks) * 80);
  EXPECT_LT(chunking->model_tokens, std::ssize(chunking->chunks) * 200);
}

}  // namespace
}  // namespace atelier
