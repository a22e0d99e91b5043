// What the pipeline of a corpus needs of the application: models by name, their tokenizers, the pool.
#pragma once

#include <string>

#include "app/app.h"
#include "app/corpus_config.h"
#include "knowledge/answerer.h"
#include "knowledge/preparation.h"

namespace atelier {

// The embedding model that a corpus is made with: the one `config` names, the default one where it names none; nothing
// where it says "none". Errors: kNotFound.
Result<std::optional<ModelListing>> EmbedderFor(const App& app, const CorpusConfig& config);

// `config.embedder` names a model or "none".   COST: reads the tokenizer, some tens of ms.
Result<PreparationTools> ToolsFor(App& app, const CorpusConfig& config);
PreparationConfig PreparationFor(const CorpusConfig& config);

RankerTools RankerToolsFor(App& app);
AnswerTools AnswerToolsFor(App& app);
// With the model named, and "auto" made one of the two: models elsewhere and those of 3 billion parameters and more
// write, smaller ones are not trusted to. Errors: kNotFound for an unknown model, and where a model is wanted and there
// is none.
Result<AnswerConfig> AnswersFor(const App& app, AnswerConfig config);

}  // namespace atelier
