#include "knowledge/preparation.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "base/io/sim_files.h"
#include "knowledge/chunk/chunk_testing.h"
#include "knowledge/chunk/embed_chunks.h"
#include "knowledge/corpus/local_corpus.h"

namespace atelier {
namespace {

constexpr const char* kSource = "berlin.txt";

class Preparation : public testing::Test {
 protected:
  Preparation() {
    // What is left to the pool comes back in its own time.
    loop_.AddStepper([] {
      std::this_thread::yield();
      return true;
    });
    tools_.pool = &pool_;
    tools_.chunk.embedder = &embedder_, tools_.chunk.embedding_model = "words";
    LocalCorpusOptions options;
    options.embedder = "words", options.dimensions = WordEmbedder::kSize;
    corpus_ = LocalCorpus::Open(files_, "/corpus", options).value();
  }

  static PreparationConfig ConfigOf(std::string method) {
    PreparationConfig config;
    config.embedder = "words";
    config.chunking.method = std::move(method);
    config.chunking.unit = "characters", config.chunking.limit = 60, config.chunking.overlap = 0;
    return config;
  }

  static Document Berlin() {
    Document document = DocumentOf(
        "Berlin is the capital of Germany. Its population is large. Its population is large. The city had a wall, and "
        "parts of it can still be seen. Few people who live there now have seen it whole. Its population is large.");
    document.id = kSource, document.title = "A city";
    return document;
  }

  // Puts the document into the corpus; how many of its chunks were embedded.
  int64_t Index(const Document& document, const PreparationConfig& config) {
    std::vector<Prepared> sources;
    auto cut = loop_.Run(CutDocuments({}, kSource, {}, {document}, config, tools_));
    EXPECT_TRUE(cut.ok()) << cut.error().Message();
    sources.push_back(*std::move(cut));
    const auto embedded = loop_.Run(EmbedPrepared({}, sources, *corpus_, config, tools_));
    EXPECT_TRUE(embedded.ok()) << embedded.error().Message();
    EXPECT_TRUE(PutPrepared(std::move(sources), *corpus_).ok());
    return *embedded;
  }

  // Of the document's chunks in order.
  std::vector<std::vector<float>> Vectors() {
    std::vector<std::vector<float>> vectors;
    const auto chunks = corpus_->index().List({}, {}, "c/", 1000).value();
    for (const std::string& id : chunks) {
      if (!id.starts_with("c/")) continue;
      vectors.push_back(corpus_->index().GetVector(id).value().value());
    }
    return vectors;
  }

  ManualLoop loop_{1};
  Pool pool_{loop_, 1};
  WordEmbedder embedder_;
  PreparationTools tools_;
  SimFiles files_;
  std::unique_ptr<LocalCorpus> corpus_;
};

void ExpectSame(const std::vector<std::vector<float>>& got, const std::vector<std::vector<float>>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].size(), want[i].size());
    for (size_t k = 0; k < got[i].size(); ++k) EXPECT_NEAR(got[i][k], want[i][k], 1e-5) << "chunk " << i;
  }
}

TEST_F(Preparation, LateChunksHaveTheVectorsOfTheirWholeDocument) {
  const Document document = Berlin();
  Index(document, ConfigOf("sentence"));
  const auto plain = Vectors();
  const PreparationConfig late = ConfigOf("late");
  Index(document, late);
  const Chunking chunking = loop_.Run(Split({}, document, late.chunking, tools_.chunk)).value();
  ASSERT_GT(chunking.chunks.size(), 3u);
  ExpectSame(Vectors(), loop_.Run(EmbedChunks({}, document, chunking, tools_.chunk)).value());
  ASSERT_EQ(plain.size(), chunking.chunks.size()) << "the same cuts";
  EXPECT_NE(plain, Vectors());
}

TEST_F(Preparation, WhatIsTheSameIsEmbeddedOnce) {
  for (const char* method : {"sentence", "late"}) {
    EXPECT_GT(Index(Berlin(), ConfigOf(method)), 3) << method << ": no vector of another kind serves";
    const auto before = Vectors();
    embedder_.texts.clear();
    EXPECT_EQ(Index(Berlin(), ConfigOf(method)), 0) << method;
    EXPECT_TRUE(embedder_.texts.empty()) << method;
    EXPECT_EQ(Vectors(), before) << method;
  }
}

TEST_F(Preparation, AChangeAnywhereMakesLateVectorsAnew) {
  Document document = Berlin();
  Index(document, ConfigOf("sentence"));
  document.text += " And more.";
  EXPECT_EQ(Index(document, ConfigOf("sentence")), 1);
  Index(document, ConfigOf("late"));
  document.text += " And still more.";
  EXPECT_EQ(Index(document, ConfigOf("late")), static_cast<int64_t>(Vectors().size()));
}

}  // namespace
}  // namespace atelier
