// An answer whose sentences carry the numbers of where they stand.
#pragma once

#include <string>
#include <vector>

#include "agent/evidence.h"
#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

// A question with what was read that answers it.
struct ResearchedQuestion {
  std::string question;
  std::vector<std::string> searched = {};  // sources, in the order they were asked
  Evidence::Judgement judgement = {};      // no sentences: nothing answers it
};

struct CitedText {
  struct Claim {
    std::string text;
    size_t origin = 0;  // in Evidence::origins()
    std::string quote;  // what stands there
  };
  std::string text;             // of the claims, with their numbers "[1]", and what nothing was found on
  std::vector<Claim> claims;    // in order
  std::vector<size_t> origins;  // cited, in the order of their numbers, from 1
};

// The sentences as they stand.
CitedText Quoted(const std::vector<ResearchedQuestion>& answered);

// What a model reads that is to write the answer: numbered sources between marks, and the task.
std::string WritingPrompt(const std::string& task, const std::vector<ResearchedQuestion>& answered,
                          const Evidence& evidence);
// Of what it wrote the sentences that what was read supports (knowledge/support.h), each with the place that does best.
Result<CitedText> Supported(const std::string& written, const Evidence& evidence, double at_least);

// With a list of the sources behind it.
std::string WithSources(const CitedText& cited, const Evidence& evidence);
// [{"number", "tool", "id", "title", "quotes"}]
Json CitationsJson(const CitedText& cited, const Evidence& evidence);

}  // namespace atelier
