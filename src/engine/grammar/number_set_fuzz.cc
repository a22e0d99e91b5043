// A set, a spelling and a text from bytes: whatever they are, set and writer say of the text what the reference says,
// and what the writer lets begin can be completed.
#include <algorithm>

#include "base/check.h"
#include "engine/grammar/number_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  size_t at = 0;
  const auto below = [&](uint64_t n) { return at < size ? data[at++] % n : 0; };
  const ReferenceSet reference = RandomSet(below, 4);
  if (reference.set.over_budget()) return 0;
  const auto spelling = below(2) == 0 ? NumberSpelling::kAny : NumberSpelling::kPlain;
  const NumberWriter writer(reference.set, spelling);
  std::string text, state;
  while (at < size && text.size() < 11) {
    const char byte = "0123456789.-+eE"[below(15)];
    const auto next = writer.Next(state, byte);
    text += byte;
    const bool whole = IsJsonNumber(text, false);
    const bool member =
        whole && IsSpelling(reference.set, spelling, text) && reference.contains(ReadReference(text).value);
    CHECK(next || !member);
    if (!next) return 0;
    state = *next;
    CHECK(IsJsonNumber(text, true));
    CHECK(writer.Accepts(state) == member);
    if (whole) CHECK(reference.set.Contains(*Decimal::Parse(text)) == reference.contains(ReadReference(text).value));
  }
  return 0;
}
