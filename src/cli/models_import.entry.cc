// atelier models import
#include <cstdio>

#include "base/text/json.h"
#include "cli/interrupt.h"
#include "cli/models.h"

namespace atelier {
namespace {

class ImportCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("path", path_, "a GGUF file, a Hugging Face folder, or the ONNX export of a BERT encoder");
    options.Required();
    options.Takes("PATH", Completion::kFiles);
    options.Text("--name", name_, "its name here (default: the file's)");
    options.Text("--pooling", pooling_, "of an ONNX encoder: cls, mean or last");
    options.Flag("--replace", replace_, "a model of that name");
  }

  Result<void> Run(const Invocation& invocation) override {
    const Interrupt interrupt;
    ModelStore store = OpenStore(invocation.config);
    ImportOptions options;
    options.name = name_;
    options.stop = interrupt.token();
    options.pooling = pooling_;
    options.replace = replace_;
    options.progress = ShowProgress();
    TRY(const PulledModel model, store.Import(path_, options));
    if (invocation.json) {
      invocation.Print(Json::Object({{"folder", model.folder}}));
    } else {
      std::printf("imported to %s\n", model.folder.c_str());
    }
    return {};
  }

 private:
  std::string path_, name_, pooling_;
  bool replace_ = false;
};

}  // namespace

extern const CommandEntry command_models_import{
    "models import", "Take a model's files into the store, checked first",
    "  atelier models import ~/Downloads/model.gguf --name mine",
    []() -> std::unique_ptr<Command> { return std::make_unique<ImportCommand>(); }};

}  // namespace atelier
