// Reads a vocabulary from GGUF metadata (tokenizer.ggml.*).                     [ggml/docs/gguf.md, "Tokenizer"]
#pragma once

#include "base/result.h"
#include "model/tokenizer/spec.h"

namespace atelier {

class GgufFile;

// An unknown tokenizer.ggml.model or tokenizer.ggml.pre is an error that names it.
Result<TokenizerSpec> ReadGgufSpec(const GgufFile& file);

}  // namespace atelier
