// Any bytes, behind right checksums, opened, searched and merged as a segment.
#include <cstdint>
#include <string>

#include "knowledge/index/text/text_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const atelier::Analyzer analyzer = atelier::Make("none");
  atelier::UseHostileSegment(std::string(reinterpret_cast<const char*>(data), size), analyzer);
  return 0;
}
