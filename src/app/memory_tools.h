// The memory as tools of agents see it.
#pragma once

#include "agent/tools/tool_entry.h"
#include "app/memory_library.h"

namespace atelier {

// `memory` outlives it.
ToolMemory MemoryForTools(MemoryLibrary& memory);

// "2026-11-28", or empty of a time that nobody knows.
std::string DayText(int64_t ms);

}  // namespace atelier
