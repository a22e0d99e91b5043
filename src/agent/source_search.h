// Looking something up with a tool that says how (SourceSpec): the calls, and what came of them.
#pragma once

#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/evidence.h"
#include "provider/gathered.h"

namespace atelier {

// Something that a source found.
struct SourceHit {
  Origin origin;
  std::string text;  // what the search itself said of it
};

// The calls that look a question up: one, or of a tool that finds a term as it stands one for each of the question's
// likeliest words. None where the question has no word.
std::vector<GatheredCall> SearchCalls(const ToolSpec& source, const std::string& question);

// What the calls gave, each thing once; what most of them found first, then in their order.
std::vector<SourceHit> FoundBy(const ToolSpec& source, const std::vector<Json>& outputs);

// The calls that read these whole, by source.read_by.
std::vector<GatheredCall> ReadCalls(const ToolSpec& source, const std::vector<SourceHit>& found);

// The text that a tool read, without its headers where it says so.
std::string ReadText(const Json& output);

}  // namespace atelier
