// Any bytes as an ONNX file: an error or a file whose every tensor and configuration can be read.
#include <cstdint>

#include "model/container/onnx.h"
#include "model/container/touch_for_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = atelier::OnnxFile::Parse(std::as_bytes(std::span(data, size)), "fuzz.onnx");
  if (!file.ok()) return 0;
  atelier::TouchTensors(**file);
  if (const auto config = (*file)->BertConfig(); config.ok()) (void)config->ToConfigJson();
  return 0;
}
