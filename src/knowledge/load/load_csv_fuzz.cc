// A table of any bytes, by commas and by tabs.
#include <cstdint>

#include "knowledge/load/load_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  atelier::testing::LoadAnyBytes("a.csv", bytes);
  atelier::testing::LoadAnyBytes("b.tsv", bytes);
  return 0;
}
