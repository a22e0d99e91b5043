// YAML as Json plus the line where each value stands, so that the readers and the errors of Json serve both.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

struct YamlDocument {
  Json json;
  std::map<std::string, int> lines;  // "server.port" to its line, from 1
};

// Plain scalars that spell null, a boolean or a number (YAML 1.2 core schema) become it; quoted ones are strings.
// Errors give line and column. Aliases are expanded, and multiply: up to `max_values` values in all.
Result<YamlDocument> ParseYaml(std::string_view text, int max_values = 100'000);

}  // namespace atelier
