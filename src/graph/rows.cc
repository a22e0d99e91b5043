#include "graph/rows.h"

#include <string>

namespace atelier {
namespace {

Error Fault(const char* field, size_t i, int64_t got, const std::string& want) {
  return Error::Invalid(std::string("rows.") + field + "[" + std::to_string(i) + "]",
                        "got " + std::to_string(got) + ", want " + want);
}

Result<void> CheckSizes(const Rows& rows) {
  const size_t n = rows.token.size();
  if (n == 0) return Error::Invalid("rows.token", "got 0 rows, want 1 or more");
  const auto check = [n](const char* field, size_t size, bool optional) -> Result<void> {
    if (size == n || (optional && size == 0)) return {};
    return Error::Invalid(std::string("rows.") + field,
                          "got " + std::to_string(size) + " rows, want " + std::to_string(n));
  };
  TRY_VOID(check("position", rows.position.size(), false));
  TRY_VOID(check("sequence", rows.sequence.size(), false));
  TRY_VOID(check("adapter", rows.adapter.size(), true));
  return check("token_type", rows.token_type.size(), true);
}

}  // namespace

Result<void> Rows::Check() const {
  TRY_VOID(CheckSizes(*this));
  int32_t last_sequence = -1;
  for (size_t i = 0; i < token.size(); ++i) {
    if (sequence[i] == last_sequence) {
      if (position[i] != position[i - 1] + 1) {
        return Fault("position", i, position[i], std::to_string(int64_t{position[i - 1]} + 1));
      }
      continue;
    }
    if (sequence[i] != last_sequence + 1) return Fault("sequence", i, sequence[i], std::to_string(last_sequence + 1));
    if (position[i] < 0) return Fault("position", i, position[i], "0 or above");
    last_sequence = sequence[i];
  }
  if (last_sequence + 1 != num_sequences) {
    return Error::Invalid("rows.num_sequences",
                          "got " + std::to_string(num_sequences) + ", want " + std::to_string(last_sequence + 1));
  }
  int64_t last_output = -1;
  for (size_t i = 0; i < output.size(); ++i) {
    if (output[i] <= last_output || output[i] >= size()) {
      return Fault("output", i, output[i], std::to_string(last_output + 1) + " to " + std::to_string(size() - 1));
    }
    last_output = output[i];
  }
  return {};
}

}  // namespace atelier
