#include "engine/grammar/language_constraint.h"

#include <string>
#include <utility>
#include <vector>

#include "engine/grammar/language.h"
#include "engine/grammar/language_tokens.h"
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

struct SharedLanguage : SharedMachine<LanguageMachine> {
  SharedLanguage(std::shared_ptr<const GrammarVocabulary> words, std::unique_ptr<LanguageMachine> reader)
      : SharedMachine(std::move(words), std::move(reader)), tokens(vocabulary->trie, machine->languages) {}

  LanguageTokens tokens;
};

class LanguageConstraint final : public MachineConstraint<LanguageMachine> {
 public:
  LanguageConstraint(const std::shared_ptr<SharedLanguage>& shared, LanguageId start)
      : MachineConstraint(shared, {start}), tokens_(&shared->tokens) {}

 protected:
  void AddAllowed(std::span<uint64_t> bits) override {
    for (const LanguageId state : reader().threads()) tokens_->Of(TokenTrie::kRoot, state).AddTo(bits);
  }

 private:
  LanguageTokens* tokens_;  // what is shared
};

class LanguageGrammar final : public Grammar {
 public:
  LanguageGrammar(std::shared_ptr<SharedLanguage> shared, LanguageId start)
      : shared_(std::move(shared)), start_(start) {}
  std::unique_ptr<Constraint> Start() const override { return std::make_unique<LanguageConstraint>(shared_, start_); }

 private:
  std::shared_ptr<SharedLanguage> shared_;
  LanguageId start_;
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
  return std::make_shared<const LanguageGrammar>(
      std::make_shared<SharedLanguage>(std::move(vocabulary), std::move(machine)), start);
}

}  // namespace atelier
