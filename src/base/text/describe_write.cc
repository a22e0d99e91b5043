#include "base/text/describe_json.h"

namespace atelier {
namespace {

// Writes the value visited into `out`.
class Writer final : public Walker {
 public:
  Json Take() { return std::move(out_); }

  Result<void> Bool(bool& value) override { return Put(value); }
  Result<void> Integer(int64_t& value) override { return Put(value); }
  Result<void> Number(double& value) override { return Put(value); }
  Result<void> Text(std::string& value) override { return Put(value); }
  Result<void> Any(Json& value) override { return Put(value); }
  Result<void> Object(Fields fields, void* object) override { return Put(WriteFields(fields, object)); }
  Result<void> Array(Container& elements) override {
    Json array = Json::Array();
    for (int64_t i = 0; i < elements.size(); ++i) array.Push(Element(elements, i));
    return Put(std::move(array));
  }
  Result<void> Map(Container& elements) override {
    Json object = Json::Object();
    for (int64_t i = 0; i < elements.size(); ++i) object.Set(elements.Name(i), Element(elements, i));
    return Put(std::move(object));
  }
  Result<void> Optional(Container& at_most_one) override {
    return at_most_one.size() == 0 ? Put(Json()) : Put(Element(at_most_one, 0));
  }
  Result<void> Either(Container& elements, bool& was_one) override {
    return was_one && elements.size() == 1 ? Put(Element(elements, 0)) : Array(elements);
  }

 private:
  Result<void> Put(Json value) {
    out_ = std::move(value);
    return {};
  }
  static Json Element(Container& elements, int64_t index) {
    Writer writer;
    CHECK(elements.Visit(writer, index).ok());
    return writer.Take();
  }

  Json out_;
};

}  // namespace

Json WriteFields(Fields fields, void* object) {
  Json out = Json::Object();
  for (const BoundField& bound : Bind(fields, object)) {
    if (bound.field->fate != Fate::kHonoured) continue;
    Writer writer;
    CHECK(bound.field->visit(writer, bound.object).ok());
    Json value = writer.Take();
    if (!value.is_null() || bound.field->null_if_absent) out.Set(bound.field->key, std::move(value));
  }
  return out;
}

}  // namespace atelier
