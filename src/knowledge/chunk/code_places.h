// Where source code may be cut: between definitions, then between statements, then between lines, from the outside in.
#pragma once

#include <string>
#include <vector>

#include "knowledge/chunk/code_items.h"
#include "knowledge/chunk/packing.h"

namespace atelier {

// What a part of code may stand in.
struct CodeScope {
  TextSpan span;
  int64_t body = 0;  // where its head ends
  std::string name;  // its head, on one line
};

// Adds the places of `span`, which is code of `language`, as far in as it takes for parts to fit `limit`.
//   scopes  of what is cut: outer before inner
void AddCodePlaces(const Measure& measure, TextSpan span, const CodeLanguage& language, int64_t limit,
                   std::vector<CutPlace>& places, std::vector<CodeScope>& scopes);

}  // namespace atelier
