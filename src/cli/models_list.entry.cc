// atelier models list
#include <cstdio>

#include "base/text/json.h"
#include "cli/models.h"
#include "model/catalog/catalog.h"

namespace atelier {
namespace {

class ListCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Flag("--all", all_, "the catalogue too, with what cannot run yet");
    options.Flag("--names", names_only_, "names alone, one a line");
  }

  Result<void> Run(const Invocation& invocation) override {
    const ModelStore store = OpenStore(invocation.config);
    TRY(const std::vector<InstalledModel> models, store.List());
    Json list = Json::Array();
    for (const InstalledModel& model : models) {
      list.Push(Json::Object({{"name", model.name},
                              {"installed", true},
                              {"bytes", model.bytes},
                              {"folder", model.folder},
                              {"problem", model.problem}}));
      if (names_only_ && !invocation.json) {
        std::printf("%s\n", model.name.c_str());
      } else if (!invocation.json) {
        std::printf("%-28s %10s  %s\n", model.name.c_str(), SizeText(model.bytes).c_str(), model.problem.c_str());
      }
    }
    if (all_) ListCatalog(invocation, list);
    if (invocation.json) invocation.Print(list);
    return {};
  }

 private:
  void ListCatalog(const Invocation& invocation, Json& list) const {
    if (!invocation.json && !names_only_) std::printf("\ncatalogue (atelier models pull NAME):\n");
    for (const CatalogModel& model : Catalog()) {
      const std::string_view kind = ModelKindName(model.kind);
      list.Push(Json::Object({{"name", model.name},
                              {"installed", false},
                              {"kind", kind},
                              {"parameters", model.parameters},
                              {"licence", model.licence},
                              {"context", model.context},
                              {"not_yet", model.not_yet}}));
      if (invocation.json) continue;
      if (names_only_) {
        std::printf("%s\n", model.name.c_str());
        continue;
      }
      std::printf("%-28s %10s  %-9.*s %-12s %s\n", model.name.c_str(), model.parameters.c_str(),
                  static_cast<int>(kind.size()), kind.data(), model.licence.c_str(),
                  model.runs_here() ? "" : ("cannot run yet: " + model.not_yet).c_str());
    }
  }

  bool all_ = false, names_only_ = false;
};

}  // namespace

extern const CommandEntry command_models_list{
    "models list", "The models on this machine", "  atelier models list\n  atelier models list --all",
    []() -> std::unique_ptr<Command> { return std::make_unique<ListCommand>(); }};

}  // namespace atelier
