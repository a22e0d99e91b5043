// A passage that would answer the question is made up, and what is like it is searched: passages are more like passages
// than like questions.   [HyDE, Gao, Ma, Lin, Callan, arXiv:2212.10496]
#include <utility>

#include "base/text/unicode.h"
#include "knowledge/stage/stage_model.h"

namespace atelier {
namespace {

Task<Result<void>> Hyde(Call call, StageConfig config, StageTools tools, StageState& state) {
  if (tools.corpus.embedder().empty()) {
    co_return Error::Unsupported("hyde", "got a corpus without an embedder, want one with vectors");
  }
  std::string prompt = "Write a short passage, as it could stand in a document, that answers this:\n" + state.question;
  CO_TRY(const std::string said, co_await AskModel(std::move(call), config, tools, std::move(prompt), state));
  const std::string_view passage = Trim(said);
  if (passage.empty()) co_return Error::Invalid("answer", "got an empty passage");
  state.queries.push_back({"", std::string(passage), true, config.weight});
  co_return Result<void>();
}

}  // namespace

extern const StageEntry stage_hyde{"hyde", "searches for what is like a made-up answer too", StagePlace::kQuestion,
                                   Hyde};

}  // namespace atelier
