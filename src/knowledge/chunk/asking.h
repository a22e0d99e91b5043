// What methods that ask a chat model share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/chunk/chunker.h"
#include "provider/ask.h"

namespace atelier {

// The chunks of `base`, by default "auto". Errors: Unsupported, in the method's name, where there is no model.
Result<Chunking> ChunksToAskAbout(const ChunkInput& input, std::string_view method);

// Bytes of text that a prompt can hold beside an answer of so many tokens and a few words around the text.
Task<Result<int64_t>> PromptBytes(Call call, const ChunkTools& tools, int64_t answer_tokens);

// The model's answers, as `asked`; several are asked at a time, as an engine writes several for little more than the
// time of one. What they cost is added to `chunking`.   Errors: the model's, under the document's id.
Task<Result<std::vector<std::string>>> AskAll(Call call, const ChunkInput& input, std::vector<Asked> asked,
                                              Chunking& chunking);

// On one line: white space of any length is one blank.
std::string WhitespaceTidied(std::string_view said);
// Its beginning, at most so many bytes, whole characters.
std::string CutToBytes(std::string_view text, size_t most);

}  // namespace atelier
