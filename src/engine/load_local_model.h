// From a model's path to a LocalModel that serves: file, tokenizer, chat template, plan, engine.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/io/files.h"
#include "compute/kernel/gang.h"
#include "engine/local_model.h"
#include "engine/plan_runner.h"

namespace atelier {

struct LocalModelOptions {
  std::string name;
  std::string path;  // GGUF file, Hugging Face folder or ONNX file
  EngineOptions engine;
  PlanRunnerOptions plan;
  std::shared_ptr<EngineListener> listener;  // may be null
  std::function<void()> wake;                // of Engine::Parts
};

// `gang`, `files` and `clock` must outlive the model. Errors: those of LoadModel, the tokenizer, the template, and a
// cache that does not fit the memory.
Result<std::unique_ptr<LocalModel>> LoadLocalModel(LocalModelOptions options, Gang& gang, Files& files,
                                                   const Clock& clock);

}  // namespace atelier
