#include "observe/trace_json.h"

namespace atelier {
namespace {

Json ToJson(const SpanValue& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

SpanValue FromJson(const Json& json) {
  switch (json.type()) {
    case Json::Type::kBool: return json.AsBool();
    case Json::Type::kNumber:
      if (json.is_integer()) {
        if (const auto integer = json.AsInt64()) return *integer;
      }
      return json.AsDouble();
    case Json::Type::kArray: {
      std::vector<std::string> words;
      for (const Json& item : json.items()) words.push_back(item.is_string() ? item.AsString() : item.Dump());
      return words;
    }
    case Json::Type::kString: return json.AsString();
    default: return json.Dump();
  }
}

struct OtlpValue {
  Json operator()(const std::string& text) const { return Json::Object({{"stringValue", text}}); }
  Json operator()(int64_t integer) const { return Json::Object({{"intValue", std::to_string(integer)}}); }
  Json operator()(double number) const { return Json::Object({{"doubleValue", number}}); }
  Json operator()(bool truth) const { return Json::Object({{"boolValue", truth}}); }
  Json operator()(const std::vector<std::string>& words) const {
    Json values = Json::Array();
    for (const std::string& word : words) values.Push((*this)(word));
    return Json::Object({{"arrayValue", Json::Object({{"values", std::move(values)}})}});
  }
};

}  // namespace

Json AttributesToJson(const Attributes& attributes) {
  Json json = Json::Object();
  for (const auto& [key, value] : attributes) json.Set(key, ToJson(value));
  return json;
}

Attributes AttributesFromJson(const Json& json) {
  Attributes attributes;
  if (!json.is_object()) return attributes;
  for (const JsonMember& member : json.members()) attributes.emplace_back(member.key, FromJson(member.value));
  return attributes;
}

Json EventsToJson(const std::vector<SpanEvent>& events) {
  Json json = Json::Array();
  for (const SpanEvent& event : events) {
    json.Push(Json::Object(
        {{"name", event.name}, {"unix_nanos", event.unix_nanos}, {"attributes", AttributesToJson(event.attributes)}}));
  }
  return json;
}

std::vector<SpanEvent> EventsFromJson(const Json& json) {
  std::vector<SpanEvent> events;
  if (!json.is_array()) return events;
  for (const Json& item : json.items()) {
    SpanEvent event;
    if (item["name"].is_string()) event.name = item["name"].AsString();
    if (item["unix_nanos"].is_number()) event.unix_nanos = item["unix_nanos"].AsInt64().value_or(0);
    event.attributes = AttributesFromJson(item["attributes"]);
    events.push_back(std::move(event));
  }
  return events;
}

Json AttributesToOtlp(const Attributes& attributes) {
  Json json = Json::Array();
  for (const auto& [key, value] : attributes) {
    json.Push(Json::Object({{"key", key}, {"value", std::visit(OtlpValue(), value)}}));
  }
  return json;
}

}  // namespace atelier
