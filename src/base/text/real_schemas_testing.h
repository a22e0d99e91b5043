// For tests: real schemas with instances and verdicts, lines of {"name", "schema", "tests": [{"description", "valid",
// "data"}]}. Those of ../shared/datasets, or those of the file that ATELIER_REAL_SCHEMAS names.
#pragma once

#include <cstdlib>
#include <fstream>

#include "base/tree_testing.h"

namespace atelier {

inline std::ifstream RealSchemasFile() {
  const char* path = std::getenv("ATELIER_REAL_SCHEMAS");
  return std::ifstream(path != nullptr ? path : SharedPath("/datasets/schemas/schemas.jsonl"));
}

}  // namespace atelier
