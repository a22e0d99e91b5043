#include "app/corpus_config.h"

#include <utility>

namespace atelier {

Fields CorpusConfig::Describe() {
  using C = CorpusConfig;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "as commands and requests name it").Required().AtMostBytes(64),
      Key<&C::folder>("folder", "whose files it holds; without, files are sent to it"),
      Key<&C::include>("include", "globs of files below the folder; without, every file that can be read"),
      Key<&C::exclude>("exclude", "globs of files and folders to leave out"),
      Key<&C::embedder>("embedder", "an embedding model; \"none\": searched by words alone"),
      Key<&C::postgres>("postgres", "\"postgresql://user@host/database\": kept there; without, on this machine"),
      Key<&C::vector_store>("vector_store", "a vector store that another program keeps; it is read alone"),
      Key<&C::language>("language", "of stemming and stop words; \"none\": neither"),
      Key<&C::ocr>("ocr", "read pictures and scanned pages"),
      Key<&C::chunking>("chunking", "how documents are cut"),
      Key<&C::retrieval>("retrieval", "how it is searched"),
      Key<&C::answers>("answers", "how questions are answered"),
  };
  return fields;
}

Result<void> CheckCorpora(const std::vector<CorpusConfig>& corpora, const std::vector<ProviderConfig>& providers) {
  for (size_t i = 0; i < corpora.size(); ++i) {
    const CorpusConfig& corpus = corpora[i];
    if (!corpus.vector_store) continue;
    const std::string where = "corpora[" + std::to_string(i) + "]";
    for (const auto& [key, value] : {std::pair{"folder", corpus.folder}, std::pair{"postgres", corpus.postgres},
                                     std::pair{"embedder", corpus.embedder}}) {
      if (value.empty()) continue;
      return Error::Invalid(where + "." + key, "got it beside vector_store, which another program fills and searches");
    }
    Result<void> checked = CheckVectorStore(*corpus.vector_store, providers);
    if (!checked.ok()) return std::move(checked).error().Under(where + ".vector_store");
  }
  return {};
}

}  // namespace atelier
