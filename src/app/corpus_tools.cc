#include "app/corpus_tools.h"

#include "app/model_library.h"

namespace atelier {

Result<std::optional<ModelListing>> EmbedderFor(const App& app, const CorpusConfig& config) {
  if (config.embedder == "none") return std::optional<ModelListing>();
  TRY(ModelListing model, app.FindModel(config.embedder, "embedding"));
  if (model.kind != "embedding") {
    return Error::Invalid("embedder", "got " + model.id + ", a " + model.kind + " model, want an embedding model");
  }
  return std::optional<ModelListing>(std::move(model));
}

Result<PreparationTools> ToolsFor(App& app, const CorpusConfig& config) {
  PreparationTools tools;
  tools.pool = &app.pool();
  tools.chunk.pool = &app.pool();
  tools.chunk.model = &app.language_model();
  if (const Result<ModelListing> chat = app.FindModel("", "chat"); chat.ok()) tools.chunk.chat_model = chat->id;
  TRY(const std::optional<ModelListing> embedder, EmbedderFor(app, config));
  if (!embedder) return tools;
  tools.chunk.embedder = &app.embedder();
  tools.chunk.embedding_model = embedder->id;
  TRY(tools.chunk.counter, app.library().Counter(*embedder));
  constexpr int64_t kOwnTokens = 2;  // [CLS] and [SEP] of a BERT
  if (tools.chunk.counter != nullptr) tools.chunk.max_tokens = embedder->context_length - kOwnTokens;
  return tools;
}

PreparationConfig PreparationFor(const CorpusConfig& config) {
  PreparationConfig preparation;
  preparation.chunking = config.chunking;
  preparation.loading.ocr = config.ocr;
  if (config.embedder != "none") preparation.embedder = config.embedder;
  return preparation;
}

RankerTools RankerToolsFor(App& app) {
  RankerTools tools{.embedder = &app.embedder(), .reranker = &app.reranker(), .model = &app.language_model()};
  if (const Result<ModelListing> chat = app.FindModel("", "chat"); chat.ok()) tools.chat_model = chat->id;
  if (const Result<ModelListing> rerank = app.FindModel("", "rerank"); rerank.ok()) tools.rerank_model = rerank->id;
  return tools;
}

AnswerTools AnswerToolsFor(App& app) {
  return {.embedder = &app.embedder(), .model = &app.language_model(), .pool = app.pool()};
}

Result<AnswerConfig> AnswersFor(const App& app, AnswerConfig config) {
  constexpr int64_t kWritesFrom = 3'000'000'000;
  const Result<ModelListing> model = app.FindModel(config.model, "chat");
  if (!model.ok() && (!config.model.empty() || config.mode == "abstractive")) {
    return Error(model.error()).Under("answers.model");
  }
  if (model.ok()) config.model = model->id;
  if (config.mode == "auto") {
    const bool writes = model.ok() && (!model->provider.empty() || model->num_parameters >= kWritesFrom);
    config.mode = writes ? "abstractive" : "extractive";
  }
  return config;
}

}  // namespace atelier
