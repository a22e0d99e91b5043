// How far a text of some kinds of characters can go on from a state of a language, whatever it is.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/grammar/char_kinds.h"
#include "engine/grammar/language.h"

namespace atelier {

class TextRuns {
 public:
  explicit TextRuns(Languages& languages) : languages_(&languages) {}

  // Whether every text of at most `num_chars` characters of these kinds may come. No: perhaps it may.
  //   state  between two characters
  bool MayAllCome(LanguageId state, CharKinds kinds, int32_t num_chars);

 private:
  struct Steps {
    CharKinds alive = 0;  // of which every character may come
    std::vector<std::pair<LanguageId, CharKinds>> next;
  };
  const Steps& StepsOf(LanguageId state);
  Steps MakeSteps(LanguageId state);
  void StepAscii(LanguageId state, Steps& steps);
  bool StepBlock(LanguageId state, const CharBlock& block, Steps& steps);
  bool StepTails(LanguageId state, int num_bytes, CharKinds kind, Steps& steps);
  template <class Each>
  bool StepRange(LanguageId state, uint8_t first, uint8_t last, Each each);
  int32_t MakeRun(LanguageId state, CharKinds kinds);

  Languages* languages_;
  std::unordered_map<LanguageId, Steps> steps_;
  std::vector<LanguageId> whole_;  // within characters of a block, from which each byte leads on
  std::map<std::pair<LanguageId, CharKinds>, int32_t> runs_;  // most characters
};

}  // namespace atelier
