// Whatever the template, Parse and Render answer within their limits. The first byte chooses how small those are.
#include "base/text/jinja.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 1 << 14) return 0;
  const auto parsed = atelier::JinjaTemplate::Parse({reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!parsed.ok()) return 0;
  static const atelier::Json context = *atelier::Json::Parse(
      R"({"messages":[{"role":"system","content":"brief"},{"role":"user","content":[{"type":"text","text":"\u00e9"}]},
      {"role":"assistant","content":null,"tool_calls":[{"id":"1","function":{"name":"f","arguments":{"x":[1,2.5]}}}]}],
      "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"add_generation_prompt":true,
      "n":3,"s":"a b,c","d":{"b":1,"a":"x"}})");
  atelier::JinjaLimits limits;
  limits.max_steps = 1000 + 200 * data[0];
  limits.max_text_bytes = 1 << 16;
  limits.max_total_bytes = 1 << 22;
  const auto output = parsed->Render(context, {}, limits);
  if (output.ok()) {
    CHECK(output->text.size() <= limits.max_text_bytes);
    for (const auto& span : output->generations) CHECK(span.begin <= span.end);
  }
  return 0;
}
