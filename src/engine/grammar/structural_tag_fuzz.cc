#include "base/text/json.h"
#include "engine/grammar/cfg_fuzzing.h"
#include "engine/grammar/structural_tag.h"

namespace atelier {
namespace {

Result<int32_t> ReadTagText(std::string_view text, Cfg& cfg) {
  TRY(const Json tag, Json::Parse(text));
  return ReadStructuralTag(tag, JsonStyle::Served(), cfg);
}

}  // namespace
}  // namespace atelier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  atelier::FuzzGrammar(atelier::ReadTagText, {reinterpret_cast<const char*>(data), size});
  return 0;
}
