// Any bytes as a safetensors file: an error or a file whose every tensor can be read.
#include <cstdint>

#include "model/container/safetensors.h"
#include "model/container/touch_for_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = atelier::SafetensorsFile::Parse(std::as_bytes(std::span(data, size)), "fuzz.safetensors");
  if (file.ok()) atelier::TouchTensors(**file);
  return 0;
}
