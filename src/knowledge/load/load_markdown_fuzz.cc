// Markdown of any bytes.
#include <cstdint>

#include "knowledge/load/load_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  atelier::testing::LoadAnyBytes("text.md", std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
