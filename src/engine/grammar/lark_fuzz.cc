#include "engine/grammar/cfg_fuzzing.h"
#include "engine/grammar/lark.h"

namespace {

atelier::Result<int32_t> Read(std::string_view text, atelier::Cfg& cfg) {
  return atelier::ReadLark(text, atelier::JsonStyle::Served(), cfg);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  atelier::FuzzGrammar(Read, {reinterpret_cast<const char*>(data), size});
  return 0;
}
