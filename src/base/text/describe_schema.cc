#include <cmath>

#include "base/text/describe_json.h"

namespace atelier {
namespace {

// Visits a default object and says what each value may be. Containers get one element for the visit.
class SchemaWriter final : public Walker {
 public:
  explicit SchemaWriter(const Field* field) : field_(field) {}
  Json Take() { return std::move(out_); }

  Result<void> Bool(bool&) override { return Put(Json::Object({{"type", "boolean"}})); }
  Result<void> Integer(int64_t&) override { return Put(Bounded(Json::Object({{"type", "integer"}}))); }
  Result<void> Number(double&) override { return Put(Bounded(Json::Object({{"type", "number"}}))); }
  Result<void> Text(std::string&) override {
    Json schema = Json::Object({{"type", "string"}});
    if (field_ != nullptr && !field_->choices.empty()) {
      Json names = Json::Array();
      for (const std::string_view name : Choices(*field_)) names.Push(name);
      schema.Set("enum", std::move(names));
    }
    return Put(std::move(schema));
  }
  Result<void> Any(Json&) override { return Put(Json::Object()); }
  Result<void> Object(Fields fields, void* object) override { return Put(SchemaOf(fields, object)); }
  Result<void> Array(Container& elements) override { return Put(ArrayOf(Element(elements))); }
  Result<void> Map(Container& elements) override {
    return Put(Json::Object({{"type", "object"}, {"additionalProperties", Element(elements)}}));
  }
  Result<void> Optional(Container& at_most_one) override { return Put(Element(at_most_one)); }
  Result<void> Either(Container& elements, bool&) override {
    Json one = Element(elements);
    Json many = ArrayOf(one);
    return Put(Json::Object({{"anyOf", Json::Array({std::move(one), std::move(many)})}}));
  }

 private:
  Result<void> Put(Json value) {
    out_ = std::move(value);
    return {};
  }
  Json Element(Container& elements) const {
    elements.Clear();
    elements.Add("key");
    SchemaWriter writer(field_);
    CHECK(elements.Visit(writer, 0).ok());
    elements.Clear();
    return writer.Take();
  }
  Json ArrayOf(Json element) const {
    Json schema = Json::Object({{"type", "array"}, {"items", std::move(element)}});
    if (field_ != nullptr && field_->max_items != std::numeric_limits<int64_t>::max()) {
      schema.Set("maxItems", field_->max_items);
    }
    return schema;
  }
  Json Bounded(Json schema) const {
    if (field_ != nullptr && std::isfinite(field_->low)) schema.Set("minimum", field_->low);
    if (field_ != nullptr && std::isfinite(field_->high)) schema.Set("maximum", field_->high);
    return schema;
  }

  const Field* field_;
  Json out_;
};

// All that a refused parameter may be: nothing, or what would not change the result.
Json Harmless(const Field& field) {
  Json values = Json::Array({Json()});
  std::string_view rest = field.harmless;
  while (!rest.empty()) {
    const size_t bar = rest.find('|');
    Result<Json> value = Json::Parse(rest.substr(0, bar));
    CHECK_MSG(value.ok(), "UnlessIs wants JSON");
    values.Push(std::move(*value));
    rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
  }
  return values;
}

}  // namespace

Json SchemaOf(Fields fields, void* default_object) {
  Json properties = Json::Object();
  Json required = Json::Array();
  for (const BoundField& bound : Bind(fields, default_object)) {
    const Field& field = *bound.field;
    Json schema = Json::Object();
    if (field.visit != nullptr) {
      SchemaWriter writer(&field);
      CHECK(field.visit(writer, bound.object).ok());
      schema = writer.Take();
    }
    schema.Set("description", field.sentence);
    if (field.fate == Fate::kUnsupported) {
      schema.Set("x-unsupported", true);
      schema.Set("enum", Harmless(field));
    }
    if (field.fate == Fate::kIgnored) schema.Set("x-ignored", true);
    if (field.required) required.Push(field.key);
    properties.Set(field.key, std::move(schema));
  }
  Json out = Json::Object({{"type", "object"}, {"properties", std::move(properties)}});
  if (!required.empty()) out.Set("required", std::move(required));
  return out;
}

}  // namespace atelier
