// How a tool's output stands in the journal and in the conversation.
//
//   {"text", "structured", "parts", "is_error", "handle", "bytes"}     all but "text" only where there is something
//
// A text over the agent's limit is kept whole as a value of the run; the output then has its beginning, a handle and
// the whole size, and the model may read on with the tool read_result.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "agent/agent.h"

namespace atelier {

inline constexpr int64_t kMaxToolTextBytes = 16 << 20;  // of one result; what follows is dropped, and that is said

Performed WriteOutput(ToolOutput output, const std::string& handle, int64_t max_bytes);
Json ErrorOutput(std::string text);
bool IsErrorOutput(const Json& output);
// What the model reads of it.
std::string TextForModel(const Json& output);
// Between marks that cannot stand in the text itself.
std::string MarkedOutside(std::string_view source, std::string_view text);
// Whether a text has such marks: a small model repeats what it was shown.
bool HasOutsideMarks(std::string_view text);

inline constexpr char kReadResult[] = "read_result";
// Reads on in a result by its handle: a part from a byte on, or the lines that contain a text.
std::shared_ptr<AgentTool> MakeReadResult(Journal& journal, Pool& pool, int64_t max_bytes);

}  // namespace atelier
