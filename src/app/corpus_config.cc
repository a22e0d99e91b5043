#include "app/corpus_config.h"

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
      Key<&C::language>("language", "of stemming and stop words; \"none\": neither"),
      Key<&C::ocr>("ocr", "read pictures and scanned pages"),
      Key<&C::chunking>("chunking", "how documents are cut"),
      Key<&C::retrieval>("retrieval", "how it is searched"),
      Key<&C::answers>("answers", "how questions are answered"),
  };
  return fields;
}

}  // namespace atelier
