#include "engine/grammar/cfg_fuzzing.h"
#include "engine/grammar/gbnf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  atelier::FuzzGrammar(atelier::ReadGbnf, {reinterpret_cast<const char*>(data), size});
  return 0;
}
