// What a run has read in several sources, in pieces, and which of its sentences answer a question.
//
// A piece is some hundred words of what one source says, with the name under which it can be found again there. The
// judgement is the answerer's (knowledge/sentence_choice.h): the question's words, and its likeness where there is an
// embedder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "knowledge/corpus/corpus.h"
#include "knowledge/sentence_choice.h"

namespace atelier {

// Where something stands.
struct Origin {
  std::string tool;  // that found it
  std::string id;    // what that tool calls it: an address, a path, a place in a document
  std::string title;
  bool operator==(const Origin&) const = default;
};

class Evidence {
 public:
  bool empty() const { return pieces_.empty(); }
  bool Has(const Origin& origin) const;
  // Cuts the text into pieces; of a long one the beginning is kept, of many texts the first.
  void Add(Origin origin, std::string_view text);

  // A sentence, with how likely it answers.
  struct Sentence {
    size_t origin = 0;  // in origins()
    std::string text;
    double relevance = 0;
  };
  struct Judgement {
    double confidence = 0;            // that any sentence answers
    std::vector<Sentence> sentences;  // best first, at most `most`
  };
  // A step of the run: what is likely is journalled, so that a resumed run says the same. Errors: the embedder's.
  Task<Result<Judgement>> JudgeFor(Call call, AgentWork& work, std::string question, std::string path,
                                   int32_t most) const;

  const std::vector<Origin>& origins() const { return origins_; }
  // Sentences of one origin, or of all: what a claim may rest on.
  const std::vector<Passage>& pieces() const { return pieces_; }
  size_t OriginOf(size_t piece) const { return origin_of_[piece]; }

 private:
  Task<Result<Performed>> Weigh(Call call, AgentWork& work, std::string question, int32_t most) const;
  std::vector<Origin> origins_;
  std::vector<Passage> pieces_;  // document_id is the origin's number
  std::vector<size_t> origin_of_;
};

}  // namespace atelier
