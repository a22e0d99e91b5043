// A batch as the log keeps it.
//
//   commit  varint batches, each: text batch
//   batch   varint removed, each: text id
//           varint put, each: text id, text attributes (JSON), text payload, varint texts, each: varint field, text;
//           varint numbers of the vector, f32 each
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "knowledge/index/index_record.h"

namespace atelier {

// REQUIRES: CheckRecord passes for each record.
std::string EncodeBatch(const IndexBatch& batch, const IndexSchema& schema);
std::string EncodeCommit(std::span<const std::string_view> batches);
// All batches of a commit, one after the other. Errors: kCorrupt.
Result<std::vector<IndexBatch>> DecodeCommit(std::string_view bytes, const IndexSchema& schema);

}  // namespace atelier
