// LoadModel: from a file or folder to everything that is needed to run a model: its graph, its weights, and where its
// tokenizer and chat template come from. Nothing is computed and no weight is read: weights stay mapped.
//
//   GGUF file                        x.gguf
//   Hugging Face folder              config.json, *.safetensors, tokenizer.json, and 1_Pooling/config.json if there is
//   one ONNX export of a BERT encoder    x.onnx, with x-tokenizer.json or tokenizer.json beside it
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "graph/graph.h"
#include "model/weights/weight_store.h"

namespace atelier {

class GgufFile;
class HfFolder;

// What a model's graph gives.
enum class ModelTask : uint8_t {
  kGenerate,  // logits [O, V] for the rows of Rows::output; cache slots
  kEmbed,     // vectors [S, E]; decoders too can be loaded so (pooled hidden states)
  kScore,     // [S, num_labels]: cross-encoders
};
std::string_view ModelTaskName(ModelTask task);

struct ModelSummary {
  std::string arch;  // name of the ArchEntry: "llama"
  std::string name;  // as the file calls itself; may be empty
  ModelTask task = ModelTask::kGenerate;
  int64_t vocabulary = 0;      // V: rows of the embedding table; a tokenizer may know fewer
  int64_t context_length = 0;  // longest sequence that the model was made for, scaling included
  int64_t width = 0;           // E
  int64_t num_layers = 0;
  int64_t heads = 0;                  // H
  int64_t kv_heads = 0;               // G
  int64_t head_dim = 0;               // D
  int64_t ffn_width = 0;              // F
  int64_t num_labels = 0;             // kScore
  bool needs_whole_sequence = false;  // encoders: all rows of a sequence in one batch (no cache slots)
  PoolSpec pooling;                   // kEmbed
  std::vector<std::string> labels;    // kScore: names, where the file has them
  std::string weight_format;          // that holds most of the bytes: "Q4_1"
  int64_t num_parameters = 0;
  int64_t weight_bytes = 0;
};

// Where the tokenizer's definition lies: one of the two.
struct TokenizerSource {
  const GgufFile* gguf = nullptr;  // metadata "tokenizer.ggml.*"; lives as long as the Model
  std::string json_path;           // tokenizer.json
  std::string config_path;         // tokenizer_config.json, beside the former; empty where there is none
};

struct Model {
  ModelSummary summary;
  Graph graph;
  WeightStore weights;
  TokenizerSource tokenizer;
  // The model's own template, from GGUF metadata, tokenizer_config.json or chat_template.jinja.
  std::optional<std::string> chat_template;
  std::vector<int32_t>
      end_tokens;  // that the model's files name as ends of a turn or text; the tokenizer may know more
};

struct ModelLoadOptions {
  std::optional<ModelTask> task;    // otherwise what the file was made for
  std::optional<PoolSpec> pooling;  // otherwise what the file, or 1_Pooling/config.json beside it, says; or mean.
                                    // An ONNX graph without either is an error: a guess would give wrong vectors.
};

// Errors: kNotFound, kInvalid (a field or tensor of the file, by name; all tensors at fault at once), kUnsupported (an
// architecture or format that nothing here can run, by name).
Result<std::unique_ptr<Model>> LoadModel(const std::string& path, const ModelLoadOptions& options = {});

// "bert, llama, mistral, qwen2, qwen3": GGUF's general.architecture and config.json's model_type, for messages.
std::string KnownArchitectures();
bool IsKnownArchitecture(std::string_view name);

}  // namespace atelier
