// atelier models show
#include <cstdio>

#include "base/text/json.h"
#include "cli/models.h"

namespace atelier {
namespace {

class ShowCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("name", name_, "an installed model");
    options.Required();
    options.Takes("NAME", Completion::kModels);
  }

  Result<void> Run(const Invocation& invocation) override {
    const ModelStore store = OpenStore(invocation.config);
    TRY(const InstalledModel model, store.Find(name_));
    TRY(const ModelContents contents, store.Contents(model));
    Json formats = Json::Array();
    for (const ModelContents::Format& format : contents.formats) {
      formats.Push(Json::Object({{"name", format.name},
                                 {"tensors", format.num_tensors},
                                 {"bytes", format.bytes},
                                 {"supported", format.supported}}));
    }
    const Json body = Json::Object({{"name", model.name},
                                    {"file", contents.file},
                                    {"container", contents.container},
                                    {"architecture", contents.architecture},
                                    {"tensors", contents.num_tensors},
                                    {"parameters", contents.num_parameters},
                                    {"bytes", model.bytes},
                                    {"formats", std::move(formats)}});
    if (invocation.json) {
      invocation.Print(body);
    } else {
      std::printf("%s\n", body.DumpPretty().c_str());
    }
    return {};
  }

 private:
  std::string name_;
};

}  // namespace

extern const CommandEntry command_models_show{
    "models show", "What a model's files hold", "  atelier models show smollm2-135m-instruct",
    []() -> std::unique_ptr<Command> { return std::make_unique<ShowCommand>(); }};

}  // namespace atelier
