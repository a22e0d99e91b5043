// Attributes and events as JSON: in traces.db and, in OTLP's own shape, for collectors.
#pragma once

#include <string>
#include <string_view>

#include "base/text/json.h"
#include "observe/trace.h"

namespace atelier {

// {"key": value, …}; integers, numbers, strings, booleans and arrays of strings keep their types.
Json AttributesToJson(const Attributes& attributes);
Attributes AttributesFromJson(const Json& json);
// [{"name", "unix_nanos", "attributes"}, …]
Json EventsToJson(const std::vector<SpanEvent>& events);
std::vector<SpanEvent> EventsFromJson(const Json& json);

// [{"key": "…", "value": {"stringValue": "…"}}, …]   [opentelemetry-proto, JSON mapping: 64-bit integers as text]
Json AttributesToOtlp(const Attributes& attributes);

}  // namespace atelier
