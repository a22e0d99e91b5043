#include "base/text/json_schema.h"

#include <algorithm>

#include "base/text/json_schema_reader.h"

namespace atelier {

bool IsSchemaFormat(std::string_view name) {
  static constexpr std::string_view kFormats[] = {
      "date", "date-time", "duration",      "email",         "hostname",     "idn-email", "idn-hostname",
      "ipv4", "ipv6",      "iri",           "iri-reference", "json-pointer", "regex",     "relative-json-pointer",
      "time", "uri",       "uri-reference", "uri-template",  "uuid",
  };
  return std::ranges::find(kFormats, name) != std::end(kFormats);
}

bool SchemaNode::HasNoKeyword() const {
  const bool numbers = multiple_of || minimum || maximum || exclusive_minimum || exclusive_maximum;
  const bool strings = min_length || max_length || pattern || format;
  const bool arrays =
      !prefix_items.empty() || items || contains || min_items || max_items || unique_items || unevaluated_items;
  const bool objects = !properties.empty() || !pattern_properties.empty() || additional_properties || property_names ||
                       !required.empty() || min_properties || max_properties || !dependent_required.empty() ||
                       !dependent_schemas.empty() || unevaluated_properties;
  const bool in_place = !all_of.empty() || !any_of.empty() || !one_of.empty() || not_schema || if_schema || ref;
  return !never && types == kSchemaAnyType && !enum_values && !const_value && !numbers && !strings && !arrays &&
         !objects && !in_place;
}

Result<std::shared_ptr<const SchemaDocument>> SchemaDocument::Parse(const Json& schema) {
  return SchemaReader::Read(schema);
}

}  // namespace atelier
