// JSON of a schema as a Grammar: the machine that reads it, and masks that know a vocabulary.
#pragma once

#include <memory>

#include "base/result.h"
#include "engine/grammar/grammar.h"

namespace atelier {

// REQUIRES: spec.kind == kJsonSchema.   Errors: SchemaDocument's and JsonMachine's.
Result<std::shared_ptr<const Grammar>> CompileJsonSchema(const GrammarSpec& spec,
                                                         std::shared_ptr<const GrammarVocabulary> vocabulary);

}  // namespace atelier
