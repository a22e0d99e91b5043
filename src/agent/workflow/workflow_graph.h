// A workflow, drawn: as a graph for Graphviz, or as an indented list.
#pragma once

#include <string>

#include "agent/workflow/workflow_config.h"

namespace atelier {

// A document of Graphviz's language: nodes by their names, ways by their conditions, loops as edges back.
std::string DotOf(const WorkflowConfig& workflow);
// A line a node: its name, kind and label, below it what it holds.
std::string OutlineOf(const WorkflowConfig& workflow);

}  // namespace atelier
