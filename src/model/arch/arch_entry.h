// One architecture is one file, x.entry.cc: what it is called, how its configuration is read, what its tensors are
// called in Hugging Face checkpoints, and the function that records its graph. LoadModel (model.h) finds it by name.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "graph/graph.h"
#include "model/arch/config_reader.h"
#include "model/arch/model.h"
#include "model/weights/weight_store.h"

namespace atelier {

// What LoadModel knows before an architecture is asked.
struct ArchInput {
  ConfigReader& config;
  Weights weights;
  std::optional<ModelTask> task;    // that the caller wants; otherwise what the file was made for
  std::optional<PoolSpec> pooling;  // that the caller, or a file beside the model, names
};

struct ArchOutput {
  ModelSummary summary;  // without arch, name and what weights tell: LoadModel fills them in
  Graph graph;
  std::vector<std::string_view> spare;  // beginnings of the names of weights that this task leaves out
};

struct ArchEntry {
  std::string_view name;                          // GGUF's general.architecture
  std::span<const std::string_view> model_types;  // config.json's model_type
  // Faults of the configuration come back all at once. Shapes of weights are checked afterwards.
  Result<ArchOutput> (*build)(const ArchInput& input);
  // The GGUF name of a checkpoint's tensor; empty to leave it out; the name itself where it is not known.
  std::string (*rename)(std::string_view checkpoint_name, const ConfigReader& config);
};

// Every architecture, sorted by name.
std::span<const ArchEntry* const> Archs();

}  // namespace atelier
