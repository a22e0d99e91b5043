// How a JSON document may be written, where JSON and its schema leave a choice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/grammar/number_writer.h"

namespace atelier {

struct JsonStyle {
  // White space wherever JSON allows it. Without: as people and programs write it: none around the document or before
  // ',' and ':', at most one blank before the value of a member, elsewhere a blank, or a new line and its indentation.
  bool any_whitespace = true;
  int32_t max_whitespace = -1;  // bytes of white space in a row; -1: any number
  // Instead of both: what stands between the document's tokens, an expression of white space (json_spaces.h).
  std::optional<std::string> whitespace_pattern = {};
  bool schema_order = false;  // members in the order of the schema, others after them
  NumberSpelling numbers = NumberSpelling::kAny;
  bool formats = true;  // `format` is kept; without, it is an annotation

  // What generation does where JSON leaves a choice: members in the order of the schema, white space as people write
  // it.
  static JsonStyle Served() {
    return {.any_whitespace = false, .max_whitespace = 64, .schema_order = true, .numbers = NumberSpelling::kPlain};
  }
  bool operator==(const JsonStyle&) const = default;
};

}  // namespace atelier
