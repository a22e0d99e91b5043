// What lies around a model's weights: the containers that LoadModel can open, and the small files beside them.
// Everything here is about files; what the model is, its architecture says.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "model/arch/model.h"
#include "model/container/tensor_file.h"

namespace atelier {

struct ModelFiles {
  std::shared_ptr<const TensorFile> container;
  const GgufFile* gguf = nullptr;  // the container, where it is a GGUF file
  Json config;                     // config.json, or what an ONNX graph tells; null for GGUF
  std::string config_path;         // for messages
  std::string name;
  TokenizerSource tokenizer;
  std::optional<std::string> chat_template;
  std::vector<int32_t> end_tokens;
  bool has_config = true;           // false: an ONNX graph, which cannot say how its rows become a vector
  std::optional<PoolSpec> pooling;  // "<arch>.pooling_type", or 1_Pooling/config.json and modules.json
};

// `path` is a GGUF or ONNX file, a Hugging Face folder, or a folder with one GGUF or ONNX file in it.
Result<ModelFiles> OpenModelFiles(const std::string& path);

}  // namespace atelier
