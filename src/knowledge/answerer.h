// From a question to an answer with its sources.
//
// Abstractive: answer_writer.h. Extractive (the mode of small models): the sentences of the best passages are scored
// one by one, and those that answer are quoted as they stand. What is said is then always what a document says; nothing
// is written by a model. Where no sentence is likely enough to answer, the answer is a refusal: the documents don't
// say.
#pragma once

#include <string>

#include "base/task/call.h"
#include "base/task/pool.h"
#include "base/task/task.h"
#include "knowledge/answer.h"
#include "knowledge/answer_config.h"
#include "knowledge/answer_writer.h"
#include "knowledge/retrieve/retriever.h"
#include "knowledge/sentence_choice.h"
#include "provider/language_model.h"

namespace atelier {

struct Question {
  std::string text;
  Filter filter;   // of the documents to answer from
  Filter visible;  // what the asker may know of
  std::vector<HistoryTurn> history = {};
};

struct AnswerTools {
  Embedder* embedder = nullptr;    // null: sentences are judged by words alone
  LanguageModel* model = nullptr;  // null: nothing can be written
  Pool& pool;
};

class Answerer {
 public:
  // All must outlive it. `config.mode` "auto" quotes.
  Answerer(const Corpus& corpus, const Retriever& retriever, AnswerTools tools, AnswerConfig config)
      : corpus_(corpus), retriever_(retriever), tools_(tools), config_(std::move(config)) {}

  // `on_claim` is called on each claim as it comes. Errors: kUnsupported where a model is wanted and there is none.
  Task<Result<CitedAnswer>> Ask(Call call, Question question, OnClaim on_claim = {}) const;

  // The two halves of an extractive answer: what may be quoted, with its figures; and what is quoted of it. Compose
  // blocks for a moment.
  struct Considered {
    Question question;
    std::vector<Passage> passages;  // best first
    std::vector<Quotable> candidates;
    std::vector<QuotableFigures> figures;  // of each candidate
  };
  Task<Result<Considered>> Consider(Call call, Question question) const;
  static Result<CitedAnswer> Compose(const Corpus& corpus, const Considered& considered, const AnswerConfig& config);

  // The other half of an abstractive one.
  Task<Result<CitedAnswer>> Write(Call call, Considered considered, OnClaim on_claim) const;

 private:
  Task<Result<void>> AddCosines(Call call, std::vector<float> query_vector, Considered& considered) const;

  const Corpus& corpus_;
  const Retriever& retriever_;
  const AnswerTools tools_;
  const AnswerConfig config_;
};

}  // namespace atelier
