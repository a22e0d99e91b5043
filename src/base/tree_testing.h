// For tests: where they find what the tree holds, and what may stand beside it. CMakeLists.txt writes the definitions,
// so that this machine's paths are in one object alone and a clone elsewhere shares the compiled ones (ccache).
#pragma once

#include <string>
#include <string_view>

namespace atelier {

// A path of the tree: SourcePath("/tests/golden/x").
std::string SourcePath(std::string_view below);

// A path of the folder of data that may stand beside the tree: SharedPath("/datasets/x").
std::string SharedPath(std::string_view below);

}  // namespace atelier
