#include "cli/described_options.h"

#include <algorithm>
#include <cmath>

#include "base/text/describe_json.h"

namespace atelier {

// Finds out what a field holds by walking it once, which empties lists and optionals.
class KindFinder final : public Walker {
 public:
  using Kind = DescribedOptions::Kind;
  std::optional<Kind> kind;
  bool flag_default = false;

  Result<void> Bool(bool& value) override {
    flag_default = value;
    return Found(Kind::kFlag);
  }
  Result<void> Integer(int64_t& /*value*/) override { return Found(Kind::kNumber); }
  Result<void> Number(double& /*value*/) override { return Found(Kind::kNumber); }
  Result<void> Text(std::string& /*value*/) override { return Found(Kind::kText); }
  Result<void> Any(Json& /*value*/) override { return {}; }
  Result<void> Object(Fields /*fields*/, void* /*object*/) override { return {}; }
  Result<void> Array(Container& elements) override {
    TRY_VOID(LookInto(elements, 0));
    if (kind == Kind::kText) return Found(Kind::kTexts);
    if (kind == Kind::kNumber) return Found(Kind::kNumbers);
    return Unknown();
  }
  Result<void> Map(Container& elements) override {
    TRY_VOID(LookInto(elements, -1));
    return kind == Kind::kNumber ? Found(Kind::kPairs) : Unknown();
  }
  Result<void> Optional(Container& at_most_one) override { return LookInto(at_most_one, 0); }
  Result<void> Either(Container& elements, bool& /*was_one*/) override { return Array(elements); }

 private:
  Result<void> LookInto(Container& elements, int64_t index) {
    elements.Clear();
    elements.Add("0");
    TRY_VOID(elements.Visit(*this, index));
    elements.Clear();
    return {};
  }
  Result<void> Found(Kind found) {
    kind = found;
    return {};
  }
  Result<void> Unknown() {
    kind.reset();
    return {};
  }
};

namespace {

std::string OptionName(std::string_view prefix, std::string_view key) {
  std::string name = std::string(prefix) + std::string(key);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

// "0 to 2", "at least 1", or nothing.
std::string Bounds(const Field& field) {
  constexpr double kSaysNothing = 1e9;
  const auto text = [](double value) { return Json(value).Dump(); };
  const bool low = std::isfinite(field.low);
  const bool high = std::isfinite(field.high) && field.high < kSaysNothing;
  if (low && high) return " (" + text(field.low) + " to " + text(field.high) + ")";
  return low && field.low > 0 ? " (at least " + text(field.low) + ")" : "";
}

Json NumberOr(std::string_view text) {
  Result<Json> number = Json::Parse(text);
  return number.ok() && number->is_number() ? *number : Json(text);
}

}  // namespace

DescribedOptions::DescribedOptions(Fields fields, void* defaults, const std::set<std::string_view>& leave_out) {
  const Json written = WriteFields(fields, defaults);
  for (const BoundField& bound : Bind(fields, defaults)) {
    if (bound.field->fate != Fate::kHonoured || leave_out.contains(bound.field->key)) continue;
    KindFinder finder;
    if (!bound.field->visit(finder, bound.object).ok() || !finder.kind) continue;
    Entry& entry = entries_.emplace_back();
    // What is off or empty goes without saying.
    if (const Json& value = written[bound.field->key]; value.is_number() || (value.is_array() && !value.empty())) {
      entry.default_text = value.Dump();
    }
    entry.field = bound.field;
    entry.kind = *finder.kind;
    entry.on_by_default = entry.kind == Kind::kFlag && finder.flag_default;
  }
}

void DescribedOptions::DeclareOne(Options& options, Entry& entry) {
  const Field& field = *entry.field;
  const std::string name = OptionName("--", field.key);
  std::string help = std::string(field.sentence) + Bounds(field);
  if (!entry.default_text.empty()) help += " [default: " + entry.default_text + "]";
  if (entry.kind == Kind::kFlag) {
    if (!entry.on_by_default) return options.Flag(name, entry.flag, help);
    return options.Flag(OptionName("--no-", field.key), entry.flag, "turns off: " + help);
  }
  if (!field.choices.empty()) {
    std::vector<std::string> choices;
    for (const std::string_view choice : Choices(field)) choices.emplace_back(choice);
    return options.OneOf(name, entry.text, std::move(choices), help);
  }
  if (entry.kind == Kind::kNumber || entry.kind == Kind::kText) {
    options.Text(name, entry.text, help);
    if (entry.kind == Kind::kNumber) options.Takes("NUMBER", Completion::kNothing);
    return;
  }
  options.Texts(name, entry.texts, help);
  if (entry.kind == Kind::kNumbers) options.Takes("N", Completion::kNothing);
  if (entry.kind == Kind::kPairs) options.Takes("ID=NUMBER", Completion::kNothing);
}

void DescribedOptions::Declare(Options& options) {
  for (Entry& entry : entries_) DeclareOne(options, entry);
}

Json DescribedOptions::ValueOf(const Entry& entry, std::string_view text) {
  if (entry.kind == Kind::kNumber) return NumberOr(text);
  if (entry.kind == Kind::kFlag && (text == "true" || text == "on" || text == "yes")) return true;
  if (entry.kind == Kind::kFlag && (text == "false" || text == "no")) return false;
  if (entry.kind == Kind::kText || entry.kind == Kind::kFlag) return text;
  return ValueOf(entry, std::vector<std::string>{std::string(text)});
}

Json DescribedOptions::ValueOf(const Entry& entry, const std::vector<std::string>& texts) {
  Json value = entry.kind == Kind::kPairs ? Json::Object() : Json::Array();
  for (const std::string& text : texts) {
    if (entry.kind == Kind::kPairs) {
      const size_t equals = std::min(text.find('='), text.size());
      value.Set(text.substr(0, equals), NumberOr(std::string_view(text).substr(std::min(equals + 1, text.size()))));
    } else {
      value.Push(entry.kind == Kind::kNumbers ? NumberOr(text) : Json(text));
    }
  }
  return value;
}

Json DescribedOptions::Given() const {
  Json given = Json::Object();
  for (const Entry& entry : entries_) {
    const std::string key(entry.field->key);
    if (entry.flag) given.Set(key, !entry.on_by_default);
    if (!entry.text.empty()) given.Set(key, ValueOf(entry, entry.text));
    if (!entry.texts.empty()) given.Set(key, ValueOf(entry, entry.texts));
  }
  return given;
}

std::vector<std::string> DescribedOptions::keys() const {
  std::vector<std::string> keys;
  for (const Entry& entry : entries_) keys.emplace_back(entry.field->key);
  return keys;
}

Result<Json> DescribedOptions::Read(std::string_view key, std::string_view text) const {
  std::vector<std::string_view> known;
  for (const Entry& entry : entries_) {
    if (entry.field->key == key) return text == "off" ? Json() : ValueOf(entry, text);
    known.push_back(entry.field->key);
  }
  const std::string_view near = Nearest(key, known);
  return Error::NotFound(std::string(key), "got a name that is not known, want one of those that Tab shows" +
                                               (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"));
}

}  // namespace atelier
