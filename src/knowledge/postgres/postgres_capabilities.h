// What a corpus in PostgreSQL can do (corpus_capabilities.h).
#pragma once

#include "knowledge/corpus/corpus_capabilities.h"

namespace atelier {

CorpusCapabilities PostgresCapabilities();

}  // namespace atelier
