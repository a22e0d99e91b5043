// Embeds texts of any length: what a model cannot read whole is cut where its provider can do that. Others get the
// texts as they are, and say so themselves where one is too long: chunks rarely are, so that is no reason to do without
// them.
#pragma once

#include "base/task/call.h"
#include "base/task/task.h"
#include "provider/language_model.h"

namespace atelier {

// `embedder` must outlive it.   Errors: those of Embed, but "cannot truncate".
Task<Result<Embeddings>> EmbedTruncated(Call call, Embedder& embedder, EmbeddingRequest request);

}  // namespace atelier
