// For tests of the JSON machine: a schema read against texts.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/random.h"
#include "engine/grammar/json_machine.h"
#include "engine/grammar/mask_walk.h"

namespace atelier {

// More of them, from other seeds: ATELIER_RANDOM_SCHEMAS=100000 ATELIER_RANDOM_SEED=7.
inline int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

inline Json ParsedJson(std::string_view text) {
  auto json = Json::Parse(text);
  CHECK_MSG(json.ok(), std::string(text));
  return std::move(*json);
}

inline Result<std::unique_ptr<JsonMachine>> MachineOf(const Json& schema, const JsonStyle& style = {}) {
  TRY(auto document, SchemaDocument::Parse(schema));
  return JsonMachine::Create(std::move(document), style);
}

using JsonReader = MachineReader<JsonMachine>;

inline JsonReader ReaderOf(JsonMachine& machine) { return JsonReader(machine, {machine.Start()}); }

inline bool AtEnd(const JsonMachine& machine, const JsonReader& reader) {
  for (const JsonThread& thread : reader.threads()) {
    if (machine.Accepts(thread)) return true;
  }
  return false;
}

// Whether the machine takes the text whole.
inline bool Takes(JsonMachine& machine, std::string_view text) {
  JsonReader reader = ReaderOf(machine);
  return reader.Read(text) && AtEnd(machine, reader);
}

}  // namespace atelier
