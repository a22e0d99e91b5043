// What the pipeline of a corpus needs of the application: models by name, their tokenizers, the pool.
#pragma once

#include <string>

#include "app/app.h"
#include "app/corpus_config.h"
#include "knowledge/preparation.h"

namespace atelier {

// The embedding model that a corpus is made with: the one `config` names, the default one where it names none; nothing
// where it says "none". Errors: kNotFound.
Result<std::optional<ModelListing>> EmbedderFor(const App& app, const CorpusConfig& config);

// `config.embedder` names a model or "none".   COST: reads the tokenizer, some tens of ms.
Result<PreparationTools> ToolsFor(App& app, const CorpusConfig& config);
PreparationConfig PreparationFor(const CorpusConfig& config);

}  // namespace atelier
