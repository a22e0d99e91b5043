// Whatever the bytes, Parse answers; what it takes, Dump writes and Parse reads back as the same value.
#include "base/text/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto first = atelier::Json::Parse({reinterpret_cast<const char*>(data), size});
  if (!first.ok()) return 0;
  const auto second = atelier::Json::Parse(first->Dump());
  CHECK(second.ok());
  CHECK(*first == *second);
  CHECK(second->Dump() == first->Dump());
  const auto pretty =
      atelier::Json::Parse(first->Dump({.indent = 1, .spaces = true, .ascii_only = true, .sort_keys = true}));
  CHECK(pretty.ok() && *pretty == *first);
  return 0;
}
