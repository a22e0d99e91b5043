#include "eval/answer_eval.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "eval/auroc.h"
#include "eval/json_lines.h"

namespace atelier {
namespace {

constexpr int64_t kWholeText = std::numeric_limits<int64_t>::max();

Result<JudgedQuestion> ReadQuestion(const Json& json) {
  JudgedQuestion question;
  TRY(question.id, TextMember(json, "id"));
  TRY(question.question, TextMember(json, "question"));
  if (!json["answerable"].is_bool())
    return Error::Invalid("answerable", "got " + json["answerable"].Dump() + ", want true or false");
  question.answerable = json["answerable"].AsBool();
  if (!json["gold"].is_array()) return Error::Invalid("gold", "got " + json["gold"].Dump() + ", want an array");
  for (const Json& item : json["gold"].items()) {
    GoldPlace place;
    TRY(place.document, TextMember(item, "document"));
    TRY(place.quote, TextMember(item, "quote"));
    question.gold.push_back(std::move(place));
  }
  return question;
}

int64_t Shared(TextSpan a, TextSpan b) {
  return std::max<int64_t>(0, std::min(a.end, b.end) - std::max(a.begin, b.begin));
}

bool WasRead(const std::vector<Passage>& passages, const std::vector<Citation>& gold) {
  return std::any_of(gold.begin(), gold.end(), [&](const Citation& place) {
    return std::any_of(passages.begin(), passages.end(), [&](const Passage& passage) {
      return passage.document_id == place.document_id &&
             2 * Shared(passage.chunk.span, place.span) >= place.span.size();
    });
  });
}

AnsweredQuestion Judged(const ConsideredQuestion& from, CitedAnswer answer) {
  AnsweredQuestion one;
  one.question = from.question;
  for (const Citation& citation : answer.citations) {
    one.num_right += IsRight(citation.document_id, citation.span, from.gold);
  }
  one.found = one.num_right > 0;
  one.gold_was_read = WasRead(answer.passages, from.gold);
  one.answer = std::move(answer);
  return one;
}

// Every place where a gold quote stands.
class GoldFinder {
 public:
  GoldFinder(const Corpus& corpus, std::string prefix) : corpus_(corpus), prefix_(std::move(prefix)) {}

  Result<std::vector<Citation>> Find(const JudgedQuestion& question) {
    std::vector<Citation> places;
    for (const GoldPlace& gold : question.gold) {
      std::string document = gold.document;
      if (document.starts_with(prefix_)) document.erase(0, prefix_.size());
      TRY(const std::string* text, TextOf(document));
      size_t at = text->find(gold.quote);
      if (at == std::string::npos) {
        return Error::NotFound(question.id + ": " + document, "got a quote that does not stand there: " + gold.quote);
      }
      for (; at != std::string::npos; at = text->find(gold.quote, at + 1)) {
        Citation& place = places.emplace_back();
        place.document_id = document;
        place.span = {static_cast<int64_t>(at), static_cast<int64_t>(at + gold.quote.size())};
      }
    }
    return places;
  }

 private:
  Result<const std::string*> TextOf(const std::string& document) {
    auto found = texts_.find(document);
    if (found == texts_.end()) {
      TRY(std::string text, corpus_.Read(document, {0, kWholeText}, {}));
      found = texts_.emplace(document, std::move(text)).first;
    }
    return &found->second;
  }

  const Corpus& corpus_;
  const std::string prefix_;
  std::map<std::string, std::string> texts_;
};

}  // namespace

Result<std::vector<JudgedQuestion>> LoadQuestions(Files& files, const std::string& path) {
  std::vector<JudgedQuestion> questions;
  TRY_VOID(EachJsonLine(files, path, [&](const Json& json) -> Result<void> {
    TRY(JudgedQuestion question, ReadQuestion(json));
    questions.push_back(std::move(question));
    return {};
  }));
  return questions;
}

bool IsRight(const std::string& document, TextSpan span, const std::vector<Citation>& gold) {
  return std::any_of(gold.begin(), gold.end(), [&](const Citation& place) {
    if (place.document_id != document) return false;
    const int64_t shared = Shared(place.span, span);
    return 2 * shared >= span.size() || shared == place.span.size();
  });
}

Task<Result<std::vector<ConsideredQuestion>>> ConsiderAll(Call call, const std::vector<JudgedQuestion>& questions,
                                                          const Corpus& corpus, const Answerer& answerer,
                                                          std::string document_prefix,
                                                          std::function<void(size_t num_done)> on_progress) {
  std::vector<ConsideredQuestion> all;
  GoldFinder finder(corpus, std::move(document_prefix));
  for (const JudgedQuestion& judged : questions) {
    ConsideredQuestion one;
    one.question = &judged;
    CO_TRY(one.gold, finder.Find(judged));
    Question question;
    question.text = judged.question;
    CO_TRY(one.considered, co_await answerer.Consider(call, std::move(question)));
    all.push_back(std::move(one));
    if (on_progress) on_progress(all.size());
  }
  co_return all;
}

Result<std::vector<AnsweredQuestion>> AnswerAll(const std::vector<ConsideredQuestion>& considered, const Corpus& corpus,
                                                const AnswerConfig& config) {
  std::vector<AnsweredQuestion> answered;
  for (const ConsideredQuestion& from : considered) {
    TRY(CitedAnswer answer, Answerer::Compose(corpus, from.considered, config));
    answered.push_back(Judged(from, std::move(answer)));
  }
  return answered;
}

Task<Result<std::vector<AnsweredQuestion>>> WriteAll(Call call, const std::vector<ConsideredQuestion>& considered,
                                                     const Answerer& answerer,
                                                     std::function<void(size_t num_done)> on_progress) {
  std::vector<AnsweredQuestion> answered;
  for (const ConsideredQuestion& from : considered) {
    auto writing = answerer.Write(call, from.considered, OnClaim());
    CO_TRY(CitedAnswer answer, co_await writing);
    answered.push_back(Judged(from, std::move(answer)));
    if (on_progress) on_progress(answered.size());
  }
  co_return answered;
}

AnswerFigures FiguresOf(const std::vector<AnsweredQuestion>& answered) {
  double answerable = 0, unanswerable = 0, cited = 0, right = 0, found = 0, read = 0, refused_wrongly = 0,
         refused_rightly = 0, kept = 0, left_out = 0;
  std::vector<double> confident, doubtful;
  for (const AnsweredQuestion& one : answered) {
    kept += static_cast<double>(one.answer.claims.size());
    left_out += static_cast<double>(one.answer.num_unsupported);
    if (!one.question->answerable) {
      ++unanswerable;
      refused_rightly += one.answer.refused;
      doubtful.push_back(one.answer.confidence);
      continue;
    }
    ++answerable;
    cited += static_cast<double>(one.answer.citations.size());
    right += static_cast<double>(one.num_right);
    found += one.found;
    read += one.gold_was_read;
    refused_wrongly += one.answer.refused;
    confident.push_back(one.answer.confidence);
  }
  const auto share = [](double part, double whole) { return whole > 0 ? part / whole : 0; };
  AnswerFigures figures;
  figures.citation_precision = share(right, cited);
  figures.citation_recall = share(found, answerable);
  figures.passage_recall = share(read, answerable);
  figures.refusal_auroc = Auroc(confident, doubtful);
  figures.right_refusals = share(refused_rightly, unanswerable);
  figures.wrong_refusals = share(refused_wrongly, answerable);
  figures.left_out = share(left_out, kept + left_out);
  figures.accuracy = share(found + refused_rightly, answerable + unanswerable);
  return figures;
}

}  // namespace atelier
