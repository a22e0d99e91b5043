// Any bytes as a GGUF file with a vocabulary: an error, or a tokenizer that encodes and decodes.
#include <cstdint>
#include <span>

#include "base/check.h"
#include "base/text/utf8.h"
#include "model/container/gguf.h"
#include "model/tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = atelier::GgufFile::Parse(std::as_bytes(std::span(data, size)), "fuzz.gguf");
  if (!file.ok()) return 0;
  const auto tokenizer = atelier::Tokenizer::FromGguf(**file);
  if (!tokenizer.ok()) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), std::min<size_t>(size, 400));
  const auto ids = (*tokenizer)->Encode(text, {.parse_special = true});
  for (const int32_t id : ids) CHECK((*tokenizer)->Contains(id));
  (void)(*tokenizer)->Decode(ids);
  CHECK(atelier::IsValidUtf8((*tokenizer)->DecodeText(ids, {.skip_special = false})));
  (void)(*tokenizer)->Explain(text);
  return 0;
}
