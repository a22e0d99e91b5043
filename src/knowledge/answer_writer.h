// Abstractive answers: a model writes from numbered passages, and each of its sentences is kept only where the
// passages support it.
//
// A claim is held against the sentences of the sources that it names, and where none of these supports it, against
// those of all sources that the model was given: what is cited is where it stands, whatever the model says. What no
// sentence supports well enough (support.h) is left out, and counted.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/task/call.h"
#include "base/task/pool.h"
#include "base/task/task.h"
#include "knowledge/answer.h"
#include "knowledge/answer_config.h"
#include "knowledge/claim_reader.h"
#include "knowledge/sentence_choice.h"
#include "provider/language_model.h"

namespace atelier {

// A claim that was kept, as soon as it is; `answer` so far, whose last claim it is.
using OnClaim = std::function<void(const CitedAnswer& answer)>;

// Holds claims against the sentences of passages, one after the other.
class ClaimChecker {
 public:
  // `passages` are the sources, numbered from 1; all must outlive it.
  ClaimChecker(const Corpus& corpus, const std::vector<Passage>& passages, const Filter& visible,
               const Analyzer& analyzer, double support_at_least);

  // Adds the claim with its citation to `answer`, or counts it as left out; whether it was added. What was said before
  // is neither. Blocks.
  Result<bool> Check(const WrittenClaim& claim, CitedAnswer& answer) const;

 private:
  const Corpus& corpus_;
  const std::vector<Passage>& passages_;
  const Filter& visible_;
  const Analyzer& analyzer_;
  const double support_at_least_;
  const std::vector<Quotable> quotables_;
};

// What the model reads: the question and the first `num_passages` passages.
std::string AnswerPrompt(const std::string& question, const std::vector<Passage>& passages, size_t num_passages);

// As many of the best passages as fit config.context_tokens and the model are read; answer.passages are those.
// Errors: the model's; the corpus's.
Task<Result<CitedAnswer>> WriteAnswer(Call call, LanguageModel& model, Pool& pool, const Corpus& corpus,
                                      std::string question, Filter visible, std::vector<Passage> passages,
                                      AnswerConfig config, OnClaim on_claim);

}  // namespace atelier
