#include "knowledge/reembedding.h"

#include <gtest/gtest.h>

#include <map>
#include <stop_token>
#include <thread>

#include "base/io/sim_files.h"
#include "knowledge/chunk/chunk_testing.h"
#include "knowledge/corpus/corpus_record.h"
#include "knowledge/corpus/local_corpus.h"

namespace atelier {
namespace {

// Other vectors than WordEmbedder's: the same numbers the other way round.
class OtherEmbedder final : public WordEmbedder {
 public:
  Task<Result<Embeddings>> Embed(Call call, EmbeddingRequest request) override {
    num_texts += static_cast<int64_t>(request.inputs.size());
    auto asking = WordEmbedder::Embed(std::move(call), std::move(request));
    CO_TRY(Embeddings embeddings, co_await asking);
    for (std::vector<float>& vector : embeddings.vectors) std::ranges::reverse(vector);
    for (TokenVectors& tokens : embeddings.tokens) {
      for (size_t at = 0; at < tokens.values.size(); at += kSize) {
        std::reverse(tokens.values.begin() + static_cast<int64_t>(at),
                     tokens.values.begin() + static_cast<int64_t>(at + kSize));
      }
    }
    co_return embeddings;
  }
  int64_t num_texts = 0;
};

class ReembeddingTest : public testing::Test {
 protected:
  ReembeddingTest() {
    loop_.AddStepper([] {
      std::this_thread::yield();
      return true;
    });
  }

  PreparationTools ToolsOf(Embedder& embedder, const std::string& name) {
    PreparationTools tools;
    tools.pool = &pool_;
    tools.chunk.embedder = &embedder, tools.chunk.embedding_model = name;
    return tools;
  }
  static PreparationConfig ConfigOf(const std::string& embedder, const std::string& method) {
    PreparationConfig config;
    config.embedder = embedder;
    config.chunking.method = method;
    config.chunking.unit = "characters", config.chunking.limit = 60, config.chunking.overlap = 0;
    return config;
  }
  std::unique_ptr<LocalCorpus> Open(const std::string& folder, const std::string& embedder) {
    LocalCorpusOptions options;
    options.embedder = embedder, options.dimensions = WordEmbedder::kSize;
    return LocalCorpus::Open(files_, folder, options).value();
  }
  void Index(LocalCorpus& corpus, int number, const PreparationConfig& config, const PreparationTools& tools) {
    std::string text = "# Part " + std::to_string(number) + "\n\n";
    for (int i = 0; i < 8; ++i)
      text += "Sentence " + std::to_string(i) + " of part " + std::to_string(number) + ".\n\n";
    Document document = DocumentOf(text, "text/markdown");
    document.id = "part" + std::to_string(number) + ".md", document.title = "Of parts";
    std::vector<Prepared> sources;
    auto cut = loop_.Run(CutDocuments({}, document.id, {}, {document}, config, tools));
    ASSERT_TRUE(cut.ok()) << cut.error().Message();
    sources.push_back(*std::move(cut));
    ASSERT_TRUE(loop_.Run(EmbedPrepared({}, sources, corpus, config, tools)).ok());
    ASSERT_TRUE(PutPrepared(std::move(sources), corpus).ok());
  }
  static std::string ContentOf(LocalCorpus& corpus) {
    std::string content;
    EXPECT_TRUE(corpus.index()
                    .Export([&content](const Json& record) -> Result<void> {
                      content += record.Dump() + "\n";
                      return {};
                    })
                    .ok());
    return content;
  }

  ManualLoop loop_{1};
  Pool pool_{loop_, 1};
  WordEmbedder words_;
  OtherEmbedder other_;
  SimFiles files_;
};

TEST_F(ReembeddingTest, VectorsAreThoseThatIndexingWouldGive) {
  for (const std::string method : {"structure", "late"}) {
    const auto old = Open("/old-" + method, "words"), made = Open("/new-" + method, "other"),
               want = Open("/want-" + method, "other");
    for (int i = 0; i < 3; ++i) {
      Index(*old, i, ConfigOf("words", method), ToolsOf(words_, "words"));
      Index(*want, i, ConfigOf("other", method), ToolsOf(other_, "other"));
    }
    const auto num_put = loop_.Run(
        ReembedDifferences({}, old->index(), made->index(), ConfigOf("other", method), ToolsOf(other_, "other"), {}));
    ASSERT_TRUE(num_put.ok()) << num_put.error().Message();
    EXPECT_EQ(*num_put, old->index().Count({}, {}).value());
    EXPECT_EQ(ContentOf(*made), ContentOf(*want)) << method;
    EXPECT_NE(ContentOf(*made), ContentOf(*old)) << method;
  }
}

TEST_F(ReembeddingTest, WhatIsStoppedGoesOnAndWhatChangesMeanwhileIsBroughtOver) {
  const auto old = Open("/old", "words"), made = Open("/new", "other");
  const PreparationConfig config = ConfigOf("other", "structure");
  for (int i = 0; i < 40; ++i) Index(*old, i, ConfigOf("words", "structure"), ToolsOf(words_, "words"));
  std::stop_source stop;
  Call call;
  call.stop = stop.get_token();
  const auto stopped =
      loop_.Run(ReembedDifferences(call, old->index(), made->index(), config, ToolsOf(other_, "other"),
                                   [&stop](const ReembedProgress& /*progress*/) { stop.request_stop(); }));
  ASSERT_EQ(stopped.error().kind, ErrorKind::kCancelled);
  const int64_t num_kept = made->index().Count({}, {}).value();
  EXPECT_GT(num_kept, 0);
  ASSERT_TRUE(old->Replace({"part0.md"}, {}).ok());
  Index(*old, 50, ConfigOf("words", "structure"), ToolsOf(words_, "words"));
  const int64_t num_before = other_.num_texts;
  bool is_changed = false;
  const auto change = [&](const ReembedProgress& /*progress*/) {
    if (std::exchange(is_changed, true)) return;
    EXPECT_TRUE(old->Replace({"part39.md"}, {}).ok());
  };
  ASSERT_TRUE(
      loop_.Run(ReembedDifferences({}, old->index(), made->index(), config, ToolsOf(other_, "other"), change)).ok());
  EXPECT_LE(other_.num_texts - num_before, old->index().Count({}, {}).value() - num_kept + 20) << "made once";
  const auto prints_of = [](const LocalCorpus& corpus) {
    std::map<std::string, uint64_t> prints;
    const auto records = corpus.index().Fingerprints();
    for (const auto& [id, print] : *records) prints[id] = print;
    return prints;
  };
  EXPECT_EQ(prints_of(*made), prints_of(*old));
}

}  // namespace
}  // namespace atelier
