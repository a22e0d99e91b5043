// ConfigReader: a model's hyperparameters by one name, from GGUF metadata ("llama.attention.head_count") or from a
// Hugging Face config.json ("num_attention_heads"). Like Weights it collects what is wrong, so that reading a
// configuration is a straight line and the user gets every fault at once:
//
//   model.gguf: llama.attention.head_count: got 0, want 1 to 1024
//
// After a fault the value read is the nearest allowed one, so that what is derived from it stays harmless.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

class GgufFile;
class Json;

// How the two forms call a value; empty where a form has none.
struct ConfigKey {
  std::string_view gguf;  // the architecture's prefix is added, except to "general." and "tokenizer."
  std::string_view json;  // "a.b" is b within a
  // In either, "a|b" is a, or b where there is no a.
};

struct Range {
  int64_t low = 1;
  int64_t high = int64_t{1} << 31;
};

class ConfigReader {
 public:
  // Both outlive the reader.
  ConfigReader(const GgufFile& gguf, std::string_view arch);
  ConfigReader(const Json& json, std::string path);

  bool is_gguf() const { return gguf_ != nullptr; }
  bool Has(ConfigKey key) const;

  // Absence is a fault.
  int64_t Integer(ConfigKey key, Range range);
  // Above 0 and finite.
  double Positive(ConfigKey key);

  // Absence (and null) means `fallback`.
  int64_t IntegerOr(ConfigKey key, int64_t fallback, Range range);
  double PositiveOr(ConfigKey key, double fallback);
  double NumberOr(ConfigKey key, double fallback);  // finite
  bool FlagOr(ConfigKey key, bool fallback);
  std::string TextOr(ConfigKey key, std::string_view fallback);
  // "id2label": the labels in the order of their numbers; or a list of strings. Empty where absent.
  std::vector<std::string> Labels(ConfigKey key);

  // A fault for each key that is there and is neither 0, false nor empty: what nothing here can do.
  void Refuse(std::span<const ConfigKey> keys);
  // Adds a fault of the caller's own: "got X, want Y".
  void Fault(ConfigKey key, std::string what);
  void Fault(const Error& error);
  // All faults in one error, a line each.
  Result<void> Check() const;

 private:
  const Json* FindJson(std::string_view key) const;
  std::string NameOf(ConfigKey key) const;
  std::string GgufName(std::string_view key) const;
  std::optional<int64_t> FindInteger(ConfigKey key);
  std::optional<double> FindNumber(ConfigKey key);

  const GgufFile* gguf_ = nullptr;
  const Json* json_ = nullptr;
  std::string arch_;
  std::string path_;
  std::vector<std::string> faults_;
};

}  // namespace atelier
