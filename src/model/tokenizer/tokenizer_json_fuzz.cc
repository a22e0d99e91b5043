// Any bytes as a tokenizer.json: an error, or a tokenizer that encodes and decodes whatever text it is given.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/text/utf8.h"
#include "model/tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tokenizer = atelier::Tokenizer::FromJson(text);
  if (!tokenizer.ok()) return 0;
  // The document's own beginning and end are the text: they hold what the document's patterns look for.
  const std::string_view sample = text.substr(0, 200);
  for (const bool parse_special : {false, true}) {
    for (const std::string_view part : {sample, text.substr(text.size() - sample.size())}) {
      const auto ids = (*tokenizer)->Encode(part, {.parse_special = parse_special});
      for (const int32_t id : ids) CHECK((*tokenizer)->Contains(id));
      (void)(*tokenizer)->Decode(ids);
      CHECK(atelier::IsValidUtf8((*tokenizer)->DecodeText(ids, {.skip_special = false})));
    }
  }
  (void)(*tokenizer)->Explain(sample);
  (void)(*tokenizer)->EncodePair(sample, sample, 16, atelier::Truncation::kCut);
  return 0;
}
