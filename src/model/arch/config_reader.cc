#include "model/arch/config_reader.h"

#include <algorithm>
#include <cmath>

#include "base/text/json.h"
#include "model/container/gguf.h"

namespace atelier {
namespace {

// "got a string, want a whole number".
std::string WantOther(const Json& got, const char* want) {
  std::string shown = got.is_number() ? got.NumberText() : std::string(got.TypeName());
  return "got " + shown + ", want " + want;
}

}  // namespace

ConfigReader::ConfigReader(const GgufFile& gguf, std::string_view arch)
    : gguf_(&gguf), arch_(arch), path_(gguf.path()) {}
ConfigReader::ConfigReader(const Json& json, std::string path) : json_(&json), path_(std::move(path)) {}

// The full name of the first of the alternatives that the file has; of the first one where it has none.
std::string ConfigReader::GgufName(std::string_view key) const {
  std::string first;
  while (!key.empty()) {
    const std::string_view choice = key.substr(0, key.find('|'));
    key.remove_prefix(std::min(key.size(), choice.size() + 1));
    const bool is_shared = choice.starts_with("general.") || choice.starts_with("tokenizer.");
    std::string name = is_shared ? std::string(choice) : arch_ + "." + std::string(choice);
    if (gguf_->Has(name)) return name;
    if (first.empty()) first = std::move(name);
  }
  return first;
}

std::string ConfigReader::NameOf(ConfigKey key) const {
  if (is_gguf()) return GgufName(key.gguf);
  return std::string(key.json.substr(0, key.json.find('|')));
}

const Json* ConfigReader::FindJson(std::string_view key) const {
  while (!key.empty()) {
    const std::string_view choice = key.substr(0, key.find('|'));
    key.remove_prefix(std::min(key.size(), choice.size() + 1));
    const Json* place = json_;
    std::string_view rest = choice;
    while (place != nullptr && !rest.empty()) {
      const std::string_view name = rest.substr(0, rest.find('.'));
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
      place = place->Find(name);
    }
    if (place != nullptr && !place->is_null()) return place;
  }
  return nullptr;
}

bool ConfigReader::Has(ConfigKey key) const {
  if (is_gguf()) return !key.gguf.empty() && gguf_->Has(GgufName(key.gguf));
  return !key.json.empty() && FindJson(key.json) != nullptr;
}

std::optional<int64_t> ConfigReader::FindInteger(ConfigKey key) {
  if (!Has(key)) return std::nullopt;
  if (is_gguf()) {
    const Result<int64_t> value = gguf_->Integer(GgufName(key.gguf));
    if (value.ok()) return *value;
    Fault(value.error());
    return std::nullopt;
  }
  const Json& value = *FindJson(key.json);
  if (value.is_number() && value.AsInt64()) return *value.AsInt64();
  Fault(key, WantOther(value, "a whole number"));
  return std::nullopt;
}

std::optional<double> ConfigReader::FindNumber(ConfigKey key) {
  if (!Has(key)) return std::nullopt;
  if (is_gguf()) {
    const Result<double> value = gguf_->Number(GgufName(key.gguf));
    if (value.ok()) return *value;
    Fault(value.error());
    return std::nullopt;
  }
  const Json& value = *FindJson(key.json);
  if (value.is_number()) return value.AsDouble();
  Fault(key, WantOther(value, "a number"));
  return std::nullopt;
}

int64_t ConfigReader::IntegerOr(ConfigKey key, int64_t fallback, Range range) {
  const int64_t value = FindInteger(key).value_or(fallback);
  if (value < range.low || value > range.high) {
    Fault(key,
          "got " + std::to_string(value) + ", want " + std::to_string(range.low) + " to " + std::to_string(range.high));
  }
  return std::clamp(value, range.low, range.high);
}

int64_t ConfigReader::Integer(ConfigKey key, Range range) {
  if (!Has(key)) {
    Fault(key, "got nothing, want a whole number");
    return range.low;
  }
  return IntegerOr(key, range.low, range);
}

double ConfigReader::PositiveOr(ConfigKey key, double fallback) {
  const double value = FindNumber(key).value_or(fallback);
  if (value > 0 && std::isfinite(static_cast<float>(value))) return value;
  Fault(key, "got " + std::to_string(value) + ", want a number above 0");
  return fallback;
}

double ConfigReader::NumberOr(ConfigKey key, double fallback) {
  const double value = FindNumber(key).value_or(fallback);
  if (std::isfinite(static_cast<float>(value))) return value;
  Fault(key, "got " + std::to_string(value) + ", want a finite number");
  return fallback;
}

double ConfigReader::Positive(ConfigKey key) {
  if (!Has(key)) Fault(key, "got nothing, want a number");
  return PositiveOr(key, 1);
}

bool ConfigReader::FlagOr(ConfigKey key, bool fallback) {
  if (!Has(key)) return fallback;
  if (is_gguf()) {
    const Result<bool> value = gguf_->Flag(GgufName(key.gguf));
    if (!value.ok()) Fault(value.error());
    return value.ok() ? *value : fallback;
  }
  const Json& value = *FindJson(key.json);
  if (value.is_bool()) return value.AsBool();
  Fault(key, WantOther(value, "true or false"));
  return fallback;
}

std::string ConfigReader::TextOr(ConfigKey key, std::string_view fallback) {
  if (!Has(key)) return std::string(fallback);
  if (is_gguf()) {
    const Result<std::string_view> value = gguf_->Text(GgufName(key.gguf));
    if (!value.ok()) Fault(value.error());
    return std::string(value.ok() ? *value : fallback);
  }
  const Json& value = *FindJson(key.json);
  if (value.is_string()) return value.AsString();
  Fault(key, WantOther(value, "a string"));
  return std::string(fallback);
}

std::vector<std::string> ConfigReader::Labels(ConfigKey key) {
  std::vector<std::string> labels;
  if (!Has(key)) return labels;
  if (is_gguf()) {
    const auto texts = gguf_->Texts(GgufName(key.gguf));
    if (!texts.ok()) Fault(texts.error());
    if (texts.ok()) labels.assign(texts->begin(), texts->end());
    return labels;
  }
  const Json& map = *FindJson(key.json);
  for (int64_t i = 0; map.is_object() && i < map.size(); ++i) {
    const Json* label = map.Find(std::to_string(i));
    if (label == nullptr || !label->is_string()) {
      Fault(key, "got no text for label " + std::to_string(i) + ", want one for each of " + std::to_string(map.size()));
      return labels;
    }
    labels.push_back(label->AsString());
  }
  return labels;
}

void ConfigReader::Refuse(std::span<const ConfigKey> keys) {
  for (const ConfigKey& key : keys) {
    if (!Has(key)) continue;
    if (is_gguf()) {
      const Result<double> number = gguf_->Number(GgufName(key.gguf));
      if (number.ok() && *number != 0) Fault(key, "got " + std::to_string(*number) + ", want none of it here");
      continue;
    }
    const Json& value = *FindJson(key.json);
    const bool is_off = (value.is_bool() && !value.AsBool()) || (value.is_number() && value.AsDouble() == 0) ||
                        ((value.is_array() || value.is_object()) && value.empty());
    if (!is_off) Fault(key, "got " + std::string(value.TypeName()) + ", want none of it here");
  }
}

void ConfigReader::Fault(ConfigKey key, std::string what) { faults_.push_back(NameOf(key) + ": " + std::move(what)); }
void ConfigReader::Fault(const Error& error) { faults_.push_back(error.Message()); }

Result<void> ConfigReader::Check() const {
  if (faults_.empty()) return {};
  std::string all;
  for (const std::string& fault : faults_) all += (all.empty() ? "" : "\n") + fault;
  return Error::Invalid(path_, std::move(all));
}

}  // namespace atelier
