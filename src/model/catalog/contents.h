// What lies in a model's folder, seen from its container.
#pragma once

#include <memory>
#include <string>

#include "base/io/files.h"
#include "base/result.h"
#include "model/catalog/model_store.h"
#include "model/container/tensor_file.h"

namespace atelier {

struct OpenedContainer {
  std::unique_ptr<TensorFile> file;
  std::string kind;          // "GGUF 3", "safetensors", "ONNX"
  std::string architecture;  // "llama"; empty: not named
  std::string licence;       // GGUF only; may be empty
};

// A GGUF or ONNX file, a Hugging Face folder, or a folder with one GGUF or ONNX file in it.
Result<OpenedContainer> OpenContainer(Files& files, const std::string& path);
ModelContents Summarise(const OpenedContainer& opened);

}  // namespace atelier
