// Which tokens may come within a string of JSON whose value is of a language, kept by state of the language: those that
// stay within the string, and those that close it, by what stands behind the quote in them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/grammar/grammar_vocabulary.h"
#include "engine/grammar/json_machine.h"
#include "engine/grammar/text_runs.h"

namespace atelier {

struct TextMask {
  struct Closer {
    int32_t rest;  // index in StringTokens
    int32_t token;
  };
  std::vector<uint64_t> inside;  // bits
  std::vector<Closer> closers;   // by rest
  // closers[runs[i], runs[i + 1]) have one rest.
  std::vector<int32_t> runs;
};

class TextMasks {
 public:
  TextMasks(const GrammarVocabulary& vocabulary, JsonMachine& machine)
      : vocabulary_(&vocabulary), machine_(&machine), runs_(machine.languages()) {}

  // Of the strings that `state` still has to spell. Until the next call.   COST: a walk over the tokens that may come,
  // once a state; what may come whatever it is, is taken in parts (TextRuns).
  const TextMask& Of(LanguageId state);

 private:
  std::unique_ptr<TextMask> Make(LanguageId state);
  void AddAnyText(int64_t min_chars, int64_t max_chars, TextMask& mask);
  void AddPlain(LanguageId state, int32_t node, TextMask& mask);
  void AddWords(Languages::WordList list, TextMask& mask);
  void AddClosers(LanguageId state, int32_t node, TextMask& mask);
  void AddWithinCharacter(LanguageId state, int32_t node, TextMask& mask);
  void AddEscapes(LanguageId state, TextMask& mask);
  void AddEscapesUnder(const JsonThread& thread, int32_t node, TextMask& mask);
  void Close(int32_t node, const TokenTrie& trie, TextMask& mask);

  const GrammarVocabulary* vocabulary_;
  JsonMachine* machine_;
  std::unordered_map<LanguageId, std::unique_ptr<TextMask>> masks_;
  TextRuns runs_;
};

}  // namespace atelier
