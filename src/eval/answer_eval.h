// How well questions over a corpus are answered: by the places that answers cite, and by when they refuse. No judge:
// what is compared are spans of the documents.
//
// A question's gold is one or several places, each of which answers it alone. A citation is right where at least half
// of its bytes lie in a gold place, or it holds one whole.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/io/files.h"
#include "base/task/call.h"
#include "base/task/task.h"
#include "knowledge/answerer.h"

namespace atelier {

struct GoldPlace {
  std::string document, quote;
};
struct JudgedQuestion {
  std::string id, question;
  bool answerable = false;
  std::vector<GoldPlace> gold;
};

// A JSONL file of {"id", "question", "answerable", "gold": [{"document", "quote"}]}; other keys are left alone.
// Errors name file and line.
Result<std::vector<JudgedQuestion>> LoadQuestions(Files& files, const std::string& path);

// A question as the answerer sees it before it chooses, with where its gold stands.
struct ConsideredQuestion {
  const JudgedQuestion* question = nullptr;
  Answerer::Considered considered;
  std::vector<Citation> gold;  // document and span
};

// Where the gold stands is looked up in the corpus, by the quote; `document_prefix` is taken from the front of gold
// documents ("docs/" where the corpus is the folder docs).
// Errors: kNotFound where a quote is not in the corpus.
Task<Result<std::vector<ConsideredQuestion>>> ConsiderAll(Call call, const std::vector<JudgedQuestion>& questions,
                                                          const Corpus& corpus, const Answerer& answerer,
                                                          std::string document_prefix,
                                                          std::function<void(size_t num_done)> on_progress);

// Whether a place is right: see above.
bool IsRight(const std::string& document, TextSpan span, const std::vector<Citation>& gold);

struct AnsweredQuestion {
  const JudgedQuestion* question = nullptr;
  CitedAnswer answer;
  int64_t num_right = 0;       // citations
  bool found = false;          // one of the citations is right
  bool gold_was_read = false;  // one of the passages holds a gold place: what could have been cited
};
Result<std::vector<AnsweredQuestion>> AnswerAll(const std::vector<ConsideredQuestion>& considered, const Corpus& corpus,
                                                const AnswerConfig& config);
// The same with what a model writes, and what of it the documents support.   COST: a generation each.
Task<Result<std::vector<AnsweredQuestion>>> WriteAll(Call call, const std::vector<ConsideredQuestion>& considered,
                                                     const Answerer& answerer,
                                                     std::function<void(size_t num_done)> on_progress);

// Over the answerable ones; refusals count as nothing cited.
struct AnswerFigures {
  double citation_precision = 0;  // right ones of those cited
  double citation_recall = 0;     // questions with a right one
  double passage_recall = 0;      // questions whose gold was among the passages read
  double refusal_auroc = 0;       // confidence, answerable against unanswerable
  double right_refusals = 0;      // share of the unanswerable that were refused
  double wrong_refusals = 0;      // share of the answerable that were
  double left_out = 0;            // of the claims that a model wrote, over all questions: what nothing supports
  // Share of all questions dealt with rightly: a right citation where there is an answer, a refusal where there is
  // none.
  double accuracy = 0;
};
AnswerFigures FiguresOf(const std::vector<AnsweredQuestion>& answered);

}  // namespace atelier
