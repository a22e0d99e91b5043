// atelier models verify
#include <cstdio>

#include "base/text/json.h"
#include "cli/interrupt.h"
#include "cli/models.h"

namespace atelier {
namespace {

class VerifyCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("name", name_, "an installed model");
    options.Required();
    options.Takes("NAME", Completion::kModels);
  }

  Result<void> Run(const Invocation& invocation) override {
    const Interrupt interrupt;
    const ModelStore store = OpenStore(invocation.config);
    TRY(const std::vector<VerifiedFile> files, store.Verify(name_, {}, interrupt.token()));
    Json list = Json::Array();
    std::string first_problem;
    for (const VerifiedFile& file : files) {
      list.Push(Json::Object({{"name", file.name}, {"problem", file.problem}}));
      if (!invocation.json)
        std::printf("%-40s %s\n", file.name.c_str(), file.problem.empty() ? "ok" : file.problem.c_str());
      if (first_problem.empty() && !file.problem.empty()) first_problem = file.name + ": " + file.problem;
    }
    if (invocation.json) invocation.Print(list);
    if (!first_problem.empty()) return Error::Corrupt(name_, first_problem);
    return {};
  }

 private:
  std::string name_;
};

}  // namespace

extern const CommandEntry command_models_verify{
    "models verify", "Hold a model's files against their sizes and hashes",
    "  atelier models verify smollm2-135m-instruct",
    []() -> std::unique_ptr<Command> { return std::make_unique<VerifyCommand>(); }};

}  // namespace atelier
