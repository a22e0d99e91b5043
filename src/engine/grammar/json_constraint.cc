#include "engine/grammar/json_constraint.h"

#include <utility>

#include "engine/grammar/json_closing.h"
#include "engine/grammar/json_mask.h"
#include "engine/grammar/machine_constraint.h"
#include "engine/grammar/text_masks.h"

namespace atelier {
namespace {

struct SharedJson : SharedMachine<JsonMachine> {
  SharedJson(std::shared_ptr<const GrammarVocabulary> words, std::unique_ptr<JsonMachine> reader)
      : SharedMachine(std::move(words), std::move(reader)), text_masks(*vocabulary, *machine), closing(*machine) {}

  TextMasks text_masks;
  JsonClosing closing;
};

class JsonConstraint final : public MachineConstraint<JsonMachine> {
 public:
  explicit JsonConstraint(const std::shared_ptr<SharedJson>& shared)
      : MachineConstraint(shared, {shared->machine->Start()}),
        mask_(*shared->vocabulary, *shared->machine, shared->text_masks),
        closing_(&shared->closing) {}

 protected:
  void AddAllowed(std::span<uint64_t> bits) override { mask_.Add(reader(), reader().threads(), bits); }

  std::string TowardsEnd(const JsonThreads& threads, std::string_view text) override {
    return closing_->Next(threads, text);
  }

 private:
  JsonMask mask_;
  JsonClosing* closing_;  // of what is shared
};

class JsonGrammar final : public Grammar {
 public:
  explicit JsonGrammar(std::shared_ptr<SharedJson> shared) : shared_(std::move(shared)) {}
  std::unique_ptr<Constraint> Start() const override { return std::make_unique<JsonConstraint>(shared_); }

 private:
  std::shared_ptr<SharedJson> shared_;
};

}  // namespace

Result<std::shared_ptr<const Grammar>> CompileJsonSchema(const GrammarSpec& spec,
                                                         std::shared_ptr<const GrammarVocabulary> vocabulary) {
  TRY(auto document, SchemaDocument::Parse(spec.schema));
  TRY(auto machine, JsonMachine::Create(std::move(document), spec.style));
  return std::make_shared<const JsonGrammar>(std::make_shared<SharedJson>(std::move(vocabulary), std::move(machine)));
}

}  // namespace atelier
