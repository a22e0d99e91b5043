// The tokens that may come next in a JSON document, from tables of the vocabulary where it is in a string, by a walk
// over the vocabulary elsewhere. What it keeps is scratch; one for each output.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/grammar/grammar_vocabulary.h"
#include "engine/grammar/json_machine.h"
#include "engine/grammar/mask_walk.h"
#include "engine/grammar/text_masks.h"

namespace atelier {

class JsonMask {
 public:
  // All outlive it; `text_masks` is of this machine.
  JsonMask(const GrammarVocabulary& vocabulary, JsonMachine& machine, TextMasks& text_masks)
      : vocabulary_(&vocabulary), machine_(&machine), text_masks_(&text_masks) {}

  // Sets the bits of the tokens that may come where `threads` stand, behind what `reader` has read.
  void Add(MachineReader<JsonMachine>& reader, std::span<const JsonThread> threads, std::span<uint64_t> bits);

  static bool InText(const JsonThread& thread) { return thread.phase == JsonPhase::kText && thread.lex == 0; }

 private:
  // In a name that may be one of those that are in no table.
  static bool InOtherName(const JsonThread& thread) {
    return thread.phase == JsonPhase::kName && thread.lex == 0 && thread.state != Languages::kNothing &&
           !thread.frame->compared;
  }
  void Walk(const JsonThread& thread, std::span<uint64_t> bits);
  void WalkOutside(std::span<uint64_t> bits);
  void MaskTexts(std::span<const JsonThread> threads, std::span<uint64_t> bits);
  void MaskRivalText(const JsonThread& thread, std::span<uint64_t> bits);
  void MaskComparedText(const JsonThread& thread, std::span<uint64_t> bits);
  void MaskName(const JsonThread& thread, std::span<uint64_t> bits);
  void FindRests(std::span<const JsonThread> after);
  void AddText(LanguageId language, std::span<const JsonThread> after, std::span<uint64_t> bits);
  void Recheck(const JsonThread& thread, std::string_view left, std::span<uint64_t> bits);
  void RecheckPath(const JsonThread& thread, std::span<uint64_t> bits);

  MachineReader<JsonMachine>& reader() { return *reader_; }
  JsonMachine& machine() { return *machine_; }
  const TokenTrie& trie() const { return vocabulary_->trie; }
  const StringTokens& strings() const { return vocabulary_->strings; }

  const GrammarVocabulary* vocabulary_;
  JsonMachine* machine_;
  TextMasks* text_masks_;
  MachineReader<JsonMachine>* reader_ = nullptr;  // while Add runs
  JsonThreads plain_, outside_, texts_, after_;
  std::vector<uint64_t> scratch_;
  std::vector<bool> rests_;
  std::string path_;
};

}  // namespace atelier
