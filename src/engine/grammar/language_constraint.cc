#include "engine/grammar/language_constraint.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "engine/grammar/grammar_vocabulary.h"
#include "engine/grammar/language.h"
#include "engine/grammar/mask_walk.h"

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

  Languages languages;
  LanguageId start = Languages::kNothing;
};

// What all outputs of one language share. Whoever uses it holds the lock.
struct LanguageState {
  explicit LanguageState(std::shared_ptr<const GrammarVocabulary> words) : vocabulary(std::move(words)) {}

  std::shared_ptr<const GrammarVocabulary> vocabulary;
  LanguageMachine machine;
  std::mutex mutex;
};

class LanguageConstraint final : public Constraint {
 public:
  explicit LanguageConstraint(std::shared_ptr<LanguageState> state)
      : state_(std::move(state)), reader_(state_->machine, {state_->machine.start}) {}

  void Mask(std::span<uint64_t> bits) override {
    std::ranges::fill(bits, 0);
    const std::lock_guard lock(state_->mutex);
    reader_.Walk(reader_.threads(), state_->vocabulary->trie,
                 [&](int32_t token) { bits[static_cast<size_t>(token) / 64] |= uint64_t{1} << (token % 64); });
  }
  bool Accept(int32_t token) override {
    if (token < 0 || token >= state_->vocabulary->trie.num_tokens()) return false;
    const std::string_view piece = state_->vocabulary->trie.Piece(token);
    return !piece.empty() && AcceptBytes(piece);
  }
  bool AcceptBytes(std::string_view bytes) override {
    const std::lock_guard lock(state_->mutex);
    return reader_.Read(bytes);
  }
  bool CanEnd() override {
    const std::lock_guard lock(state_->mutex);
    return std::ranges::any_of(reader_.threads(), [&](LanguageId id) { return state_->machine.languages.Accepts(id); });
  }

 private:
  std::shared_ptr<LanguageState> state_;
  MachineReader<LanguageMachine> reader_;
};

class LanguageGrammar final : public Grammar {
 public:
  explicit LanguageGrammar(std::shared_ptr<LanguageState> state) : state_(std::move(state)) {}
  std::unique_ptr<Constraint> Start() const override { return std::make_unique<LanguageConstraint>(state_); }

 private:
  std::shared_ptr<LanguageState> state_;
};

}  // namespace

Result<std::shared_ptr<const Grammar>> CompileLanguage(const GrammarSpec& spec,
                                                       std::shared_ptr<const GrammarVocabulary> vocabulary) {
  auto state = std::make_shared<LanguageState>(std::move(vocabulary));
  Languages& languages = state->machine.languages;
  if (spec.kind == GrammarSpec::Kind::kChoice) {
    if (spec.choices.empty()) return Error::Invalid("", "got no choice, want at least one");
    state->machine.start = languages.Words(spec.choices);
  } else {
    auto pattern = languages.Pattern(spec.text, Languages::Anchoring::kWhole);
    if (!pattern.ok()) return std::move(pattern).error();
    state->machine.start = *pattern;
  }
  if (languages.IsNothing(state->machine.start)) {
    return Error::Invalid("", "got one that no text matches, want one that some text can");
  }
  if (languages.over_budget()) return Error::TooLarge("", "got an expression that needs too many states");
  return std::make_shared<const LanguageGrammar>(std::move(state));
}

}  // namespace atelier
