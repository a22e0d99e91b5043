// atelier models rm
#include <cstdio>

#include "base/text/json.h"
#include "cli/models.h"

namespace atelier {
namespace {

class RemoveCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("name", name_, "an installed model");
    options.Required();
    options.Takes("NAME", Completion::kModels);
  }

  Result<void> Run(const Invocation& invocation) override {
    ModelStore store = OpenStore(invocation.config);
    TRY(const int64_t bytes, store.Remove(name_));
    if (invocation.json) {
      invocation.Print(Json::Object({{"name", name_}, {"freed_bytes", bytes}}));
    } else {
      std::printf("%s: removed, %s freed\n", name_.c_str(), SizeText(bytes).c_str());
    }
    return {};
  }

 private:
  std::string name_;
};

}  // namespace

extern const CommandEntry command_models_rm{
    "models rm", "Remove a model and what its pulls have left", "  atelier models rm smollm2-135m-instruct",
    []() -> std::unique_ptr<Command> { return std::make_unique<RemoveCommand>(); }};

}  // namespace atelier
