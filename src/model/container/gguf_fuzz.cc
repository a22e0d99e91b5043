// Any bytes as a GGUF file: an error or a file whose every value and tensor can be read.
#include <cstdint>

#include "model/container/gguf.h"
#include "model/container/touch_for_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = atelier::GgufFile::Parse(std::as_bytes(std::span(data, size)), "fuzz.gguf");
  if (!file.ok()) return 0;
  for (const atelier::GgufValue& value : (*file)->metadata()) {
    (void)(*file)->Text(value.key);
    (void)(*file)->Integer(value.key);
    (void)(*file)->Number(value.key);
    (void)(*file)->Flag(value.key);
    (void)(*file)->Texts(value.key);
    (void)(*file)->Integers(value.key);
    (void)(*file)->Numbers(value.key);
    (void)(*file)->Flags(value.key);
  }
  atelier::TouchTensors(**file);
  return 0;
}
