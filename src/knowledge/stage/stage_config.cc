#include "knowledge/stage/stage_config.h"

namespace atelier {

Fields StageConfig::Describe() {
  using C = StageConfig;
  static constexpr Field fields[] = {
      Key<&C::stage>("stage",
                     "rewrite, history, multi_query, hyde, step_back, decomposition, corrective, graph, graph_global, "
                     "parent, sentence_window")
          .Required(),
      Key<&C::model>("model", "that it asks; without, the default chat model"),
      Key<&C::count>("count",
                     "questions that it adds, passages that it grades, sentences on each side, turns that it joins")
          .Between(1, 100),
      Key<&C::weight>("weight", "of a question that it adds, beside the asked one's 1").Between(0, 10),
      Key<&C::grade_at_least>("grade_at_least", "corrective: how likely one passage must help").Between(0, 1),
      Key<&C::limit>("limit", "parent: bytes of the section that is read").Between(100, 1'000'000),
      Key<&C::answer_tokens>("answer_tokens", "that the model may write").Between(1, 10'000),
      Key<&C::budget_ms>("budget_ms", "when it is over, the search goes on without the stage").Between(1, 600'000),
  };
  return fields;
}

}  // namespace atelier
