#include "model/arch/model.h"

#include <algorithm>
#include <utility>

#include "model/arch/arch_entry.h"
#include "model/arch/model_files.h"
#include "model/container/gguf.h"

namespace atelier {
namespace {

// Weights that no graph holds: divisors of RoPE's frequencies, which the graph's angles have taken in.
constexpr std::string_view kAlwaysSpare[] = {"rope_freqs."};

Result<const ArchEntry*> FindGgufArch(const GgufFile& gguf) {
  TRY(const std::string_view name, gguf.Text("general.architecture"));
  for (const ArchEntry* entry : Archs()) {
    if (entry->name == name) return entry;
  }
  return Error::Unsupported("general.architecture",
                            "got '" + std::string(name) + "', want one of " + KnownArchitectures())
      .Under(gguf.path());
}

Result<const ArchEntry*> FindJsonArch(const Json& config, const std::string& path) {
  const Json& type = config["model_type"];
  if (!type.is_string())
    return Error::Invalid("model_type", "got " + std::string(type.TypeName()) + ", want a string").Under(path);
  for (const ArchEntry* entry : Archs()) {
    if (std::ranges::find(entry->model_types, type.AsString()) != entry->model_types.end()) return entry;
  }
  return Error::Unsupported("model_type", "got '" + type.AsString() + "', want one of " + KnownArchitectures())
      .Under(path);
}

}  // namespace

std::string KnownArchitectures() {
  std::string names;
  for (const ArchEntry* entry : Archs()) {
    names += (names.empty() ? "" : ", ") + std::string(entry->name);
    for (const std::string_view type : entry->model_types) {
      if (type != entry->name) names += ", " + std::string(type);
    }
  }
  return names;
}

bool IsKnownArchitecture(std::string_view name) {
  return std::ranges::any_of(Archs(), [&](const ArchEntry* entry) {
    return entry->name == name || std::ranges::find(entry->model_types, name) != entry->model_types.end();
  });
}

std::string_view ModelTaskName(ModelTask task) {
  switch (task) {
    case ModelTask::kGenerate: return "generate";
    case ModelTask::kEmbed: return "embed";
    case ModelTask::kScore: return "score";
  }
  return "";
}

Result<std::unique_ptr<Model>> LoadModel(const std::string& path, const ModelLoadOptions& options) {
  TRY(ModelFiles files, OpenModelFiles(path));
  const bool is_gguf = files.gguf != nullptr;
  TRY(const ArchEntry* entry, is_gguf ? FindGgufArch(*files.gguf) : FindJsonArch(files.config, files.config_path));
  ConfigReader config =
      is_gguf ? ConfigReader(*files.gguf, entry->name) : ConfigReader(files.config, files.config_path);

  auto model = std::make_unique<Model>();
  const auto rename = [&](std::string_view name) { return is_gguf ? std::string(name) : entry->rename(name, config); };
  TRY(model->weights, WeightStore::Create(files.container, rename));
  TRY(ArchOutput built,
      entry->build({config, Weights(model->weights), options.task, options.pooling ? options.pooling : files.pooling}));
  if (built.summary.task == ModelTask::kEmbed && !files.has_config && !options.pooling && !files.pooling) {
    return Error::Invalid(files.config_path, "got no 1_Pooling/config.json beside it, want one that names the pooling");
  }
  built.spare.insert(built.spare.end(), std::begin(kAlwaysSpare), std::end(kAlwaysSpare));
  TRY_VOID(model->weights.Check(built.graph.weights, built.spare));

  model->graph = std::move(built.graph);
  model->summary = std::move(built.summary);
  model->summary.arch = entry->name;
  model->summary.name = files.name;
  model->summary.weight_format = model->weights.main_format();
  model->summary.num_parameters = model->weights.num_elements();
  model->summary.weight_bytes = model->weights.num_bytes();
  model->tokenizer = std::move(files.tokenizer);
  model->chat_template = std::move(files.chat_template);
  model->end_tokens = std::move(files.end_tokens);
  return model;
}

}  // namespace atelier
