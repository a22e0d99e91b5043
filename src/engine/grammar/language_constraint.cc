#include "engine/grammar/language_constraint.h"

#include <string>
#include <utility>
#include <vector>

#include "engine/grammar/language.h"
#include "engine/grammar/machine_constraint.h"

namespace atelier {
namespace {

struct LanguageMachine {
  using Thread = LanguageId;

  void StepAll(std::span<const LanguageId> threads, uint8_t byte, std::string_view /*text*/, Arena& /*arena*/,
               std::vector<LanguageId>& out) {
    for (const LanguageId state : threads) {
      const LanguageId next = languages.Next(state, byte);
      if (next != Languages::kNothing && !languages.IsNothing(next)) out.push_back(next);
    }
  }
  ByteSet MayFollow(std::span<const LanguageId> /*threads*/) { return ~ByteSet(); }
  bool Accepts(LanguageId state) { return languages.Accepts(state); }
  std::string TowardsEnd(const std::vector<LanguageId>& threads) { return languages.Shortest(threads[0]).value_or(""); }

  Languages languages;
};

}  // namespace

Result<std::shared_ptr<const Grammar>> CompileLanguage(const GrammarSpec& spec,
                                                       std::shared_ptr<const GrammarVocabulary> vocabulary) {
  auto machine = std::make_unique<LanguageMachine>();
  Languages& languages = machine->languages;
  LanguageId start = Languages::kNothing;
  if (spec.kind == GrammarSpec::Kind::kChoice) {
    if (spec.choices.empty()) return Error::Invalid("", "got no choice, want at least one");
    start = languages.Words(spec.choices);
  } else {
    auto pattern = languages.Pattern(spec.text, Languages::Anchoring::kWhole);
    if (!pattern.ok()) return std::move(pattern).error();
    start = *pattern;
  }
  if (languages.IsNothing(start)) {
    return Error::Invalid("", "got one that no text matches, want one that some text can");
  }
  if (languages.over_budget()) return Error::TooLarge("", "got an expression that needs too many states");
  return std::make_shared<const MachineGrammar<LanguageMachine>>(std::move(vocabulary), std::move(machine),
                                                                 std::vector<LanguageId>{start});
}

}  // namespace atelier
