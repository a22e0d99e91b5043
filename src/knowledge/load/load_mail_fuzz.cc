// A mail of any bytes, and a mailbox of them.
#include <cstdint>

#include "knowledge/load/load_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  atelier::testing::LoadAnyBytes("a.eml", bytes);
  atelier::testing::LoadAnyBytes("b.mbox", "From a\n" + bytes);
  return 0;
}
