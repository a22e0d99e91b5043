#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text/describe_json.h"

namespace atelier {
namespace {

// The shortest text of a bound: 100, not 100.0.
std::string Shown(double number) {
  char text[32];
  const auto [end, fault] = std::to_chars(text, text + sizeof text, number);
  CHECK(fault == std::errc());
  return {text, end};
}

std::string Excerpt(const Json& value) {
  constexpr size_t kLongest = 40;
  if (value.is_array() || value.is_object()) return std::string(value.TypeName());
  std::string text = value.Dump();
  if (text.size() > kLongest) {
    size_t cut = kLongest;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
    text = text.substr(0, cut) + "…";
  }
  return text;
}

class Reader final : public Walker {
 public:
  Reader(const Json& json, const ReadOptions& options) : json_(&json), options_(options) {}

  Result<void> Bool(bool& value) override {
    if (!json_->is_bool()) return WrongType("true or false");
    value = json_->AsBool();
    return {};
  }
  Result<void> Integer(int64_t& value) override {
    if (!json_->is_number()) return WrongType("a whole number");
    const std::optional<int64_t> number = json_->AsInt64();
    if (!number) return WrongType("a whole number");
    TRY_VOID(CheckBounds(static_cast<double>(*number)));
    value = *number;
    return {};
  }
  Result<void> Number(double& value) override {
    if (!json_->is_number()) return WrongType("a number");
    const double number = json_->AsDouble();
    if (!std::isfinite(number)) return WrongValue("a number that a double holds");
    TRY_VOID(CheckBounds(number));
    value = number;
    return {};
  }
  Result<void> Text(std::string& value) override {
    if (!json_->is_string()) return WrongType("a string");
    if (field_ != nullptr && !field_->choices.empty() && !IsChoice()) return WrongValue(ChoiceList());
    const auto num_bytes = static_cast<int64_t>(json_->AsString().size());
    if (field_ != nullptr && num_bytes > field_->max_bytes) {
      return Error::Invalid(
                 "", "got " + std::to_string(num_bytes) + " bytes, want at most " + std::to_string(field_->max_bytes))
          .WithCode("invalid_value");
    }
    value = json_->AsString();
    return {};
  }
  Result<void> Any(Json& value) override {
    value = *json_;
    return {};
  }
  Result<void> Object(Fields fields, void* object) override;
  Result<void> Array(Container& elements) override {
    if (!json_->is_array()) return WrongType("an array");
    return Elements(elements);
  }
  Result<void> Map(Container& elements) override {
    if (!json_->is_object()) return WrongType("an object");
    elements.Clear();
    TRY_VOID(CheckSize());
    for (const JsonMember& member : json_->members()) {
      elements.Add(member.key);
      TRY_VOID(At(member.value, member.key, [&] { return elements.Visit(*this, -1); }));
    }
    return {};
  }
  Result<void> Optional(Container& at_most_one) override {
    at_most_one.Clear();
    at_most_one.Add({});
    return at_most_one.Visit(*this, 0);
  }
  Result<void> Either(Container& elements, bool& was_one) override {
    was_one = !json_->is_array();
    if (!was_one) return Elements(elements);
    elements.Clear();
    elements.Add({});
    return elements.Visit(*this, 0);
  }

 private:
  // Visits with `json` as the current value; errors get `name` before their path.
  template <class Visit>
  Result<void> At(const Json& json, std::string_view name, Visit visit) {
    const Json* outer = std::exchange(json_, &json);
    const Field* outer_field = field_;
    path_.emplace_back(name);
    Result<void> done = visit();
    path_.pop_back();
    json_ = outer;
    field_ = outer_field;
    if (!done.ok()) return std::move(done).error().Under(name);
    return {};
  }
  Result<void> Elements(Container& elements) {
    elements.Clear();
    TRY_VOID(CheckSize());
    for (int64_t i = 0; i < json_->size(); ++i) {
      elements.Add({});
      TRY_VOID(At((*json_)[i], elements.Name(i), [&] { return elements.Visit(*this, i); }));
    }
    return {};
  }
  Result<void> Member(const JsonMember& member, const BoundField& bound);
  Result<void> Unknown(std::string_view key, std::span<const BoundField> bound);

  Result<void> CheckSize() const {
    if (field_ == nullptr || json_->size() <= field_->max_items) return {};
    return Error::Invalid(
               "", "got " + std::to_string(json_->size()) + " items, want at most " + std::to_string(field_->max_items))
        .WithCode("invalid_value");
  }
  // "messages[0].nmae"
  std::string PathOf(std::string_view key) const {
    std::string path;
    for (const std::string& part : path_) path += (path.empty() || part.starts_with('[') ? "" : ".") + part;
    return path + (path.empty() ? "" : ".") + std::string(key);
  }
  Result<void> CheckBounds(double number) const {
    if (field_ == nullptr || (number >= field_->low && number <= field_->high)) return {};
    if (std::isinf(field_->high)) return WrongValue("at least " + Shown(field_->low));
    return WrongValue("a number from " + Shown(field_->low) + " to " + Shown(field_->high));
  }
  bool IsChoice() const {
    const std::vector<std::string_view> names = Choices(*field_);
    return std::find(names.begin(), names.end(), json_->AsString()) != names.end();
  }
  std::string ChoiceList() const {
    std::string list = "one of";
    for (const std::string_view name : Choices(*field_)) list += (list.size() > 6 ? ", " : " ") + std::string(name);
    return list;
  }
  Error WrongType(std::string_view want) const {
    return Error::Invalid("", "got " + Excerpt(*json_) + ", want " + std::string(want)).WithCode("invalid_type");
  }
  Error WrongValue(std::string_view want) const {
    return Error::Invalid("", "got " + Excerpt(*json_) + ", want " + std::string(want)).WithCode("invalid_value");
  }

  const Json* json_;
  const Field* field_ = nullptr;
  std::vector<std::string> path_;  // to the current value
  const ReadOptions& options_;
};

bool IsHarmless(const Field& field, const Json& value) {
  if (value.is_null()) return true;
  std::string_view rest = field.harmless;
  while (!rest.empty()) {
    const size_t bar = rest.find('|');
    const Result<Json> known = Json::Parse(rest.substr(0, bar));
    CHECK_MSG(known.ok(), "UnlessIs wants JSON");
    if (*known == value) return true;
    rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
  }
  return false;
}

Result<void> Reader::Object(Fields fields, void* object) {
  if (!json_->is_object()) return WrongType("an object");
  const std::vector<BoundField> bound = Bind(fields, object);
  std::vector<const Field*> given;
  for (const JsonMember& member : json_->members()) {
    const auto row =
        std::find_if(bound.begin(), bound.end(), [&](const BoundField& b) { return b.field->key == member.key; });
    if (row == bound.end()) {
      TRY_VOID(Unknown(member.key, bound));
      continue;
    }
    TRY_VOID(Member(member, *row));
    if (!member.value.is_null()) given.push_back(row->field);
  }
  for (const BoundField& b : bound) {
    if (b.field->required && std::find(given.begin(), given.end(), b.field) == given.end()) {
      return Error::Invalid(std::string(b.field->key), "got nothing, want " + std::string(b.field->sentence))
          .WithCode("missing_required_parameter");
    }
  }
  return {};
}

Result<void> Reader::Member(const JsonMember& member, const BoundField& bound) {
  const Field& field = *bound.field;
  if (field.fate == Fate::kIgnored) return {};
  if (field.fate == Fate::kUnsupported) {
    if (IsHarmless(field, member.value)) return {};
    return Error::Unsupported(member.key, "not supported: " + std::string(field.sentence))
        .WithCode("unsupported_parameter");
  }
  if (member.value.is_null()) return {};
  return At(member.value, member.key, [&] {
    field_ = &field;
    return field.visit(*this, bound.object);
  });
}

Result<void> Reader::Unknown(std::string_view key, std::span<const BoundField> bound) {
  std::vector<std::string_view> known;
  for (const BoundField& b : bound) known.push_back(b.field->key);
  const std::string_view nearest = Nearest(key, known);
  const std::string hint = nearest.empty() ? "" : "; did you mean '" + std::string(nearest) + "'?";
  if (options_.unknown != nullptr) options_.unknown->push_back(PathOf(key) + hint);
  if (!options_.refuse_unknown) return {};
  return Error::Invalid(std::string(key.substr(0, 100)), "got an unknown parameter" + hint)
      .WithCode("unknown_parameter");
}

}  // namespace

Result<void> ReadFields(const Json& json, Fields fields, void* object, const ReadOptions& options) {
  return Reader(json, options).Object(fields, object);
}

}  // namespace atelier
