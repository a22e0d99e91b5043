#include "engine/grammar/cfg_constraint.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "engine/grammar/cfg_machine.h"
#include "engine/grammar/gbnf.h"
#include "engine/grammar/grammar_vocabulary.h"
#include "engine/grammar/lark.h"
#include "engine/grammar/mask_walk.h"
#include "engine/grammar/structural_tag.h"

namespace atelier {
namespace {

// What all outputs of one grammar share. Whoever uses it holds the lock.
struct SharedCfg {
  std::shared_ptr<const GrammarVocabulary> vocabulary;
  std::unique_ptr<CfgMachine> machine;
  std::mutex mutex;
};

class CfgConstraint final : public Constraint {
 public:
  explicit CfgConstraint(std::shared_ptr<SharedCfg> state)
      : state_(std::move(state)), reader_(*state_->machine, state_->machine->Start()) {}

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
    return std::ranges::any_of(reader_.threads(), [&](const CfgThread& t) { return state_->machine->Accepts(t); });
  }

 private:
  std::shared_ptr<SharedCfg> state_;
  MachineReader<CfgMachine> reader_;
};

class CfgGrammar final : public Grammar {
 public:
  explicit CfgGrammar(std::shared_ptr<SharedCfg> state) : state_(std::move(state)) {}
  std::unique_ptr<Constraint> Start() const override { return std::make_unique<CfgConstraint>(state_); }

 private:
  std::shared_ptr<SharedCfg> state_;
};

Result<int32_t> Read(const GrammarSpec& spec, Cfg& cfg) {
  if (spec.kind == GrammarSpec::Kind::kStructuralTag) return ReadStructuralTag(spec.schema, spec.style, cfg);
  return IsGbnf(spec.text) ? ReadGbnf(spec.text, cfg) : ReadLark(spec.text, spec.style, cfg);
}

}  // namespace

bool IsGbnf(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    line = line.substr(0, std::min(line.find('#'), line.find("//")));
    if (line.find("::=") != line.npos) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

Result<std::shared_ptr<const Grammar>> CompileCfg(const GrammarSpec& spec,
                                                  std::shared_ptr<const GrammarVocabulary> vocabulary) {
  Cfg cfg;
  auto root = Read(spec, cfg);
  if (!root.ok()) return std::move(root).error();
  auto machine = CfgMachine::Create(std::move(cfg), *root);
  if (!machine.ok()) return std::move(machine).error();
  auto state = std::make_shared<SharedCfg>();
  state->vocabulary = std::move(vocabulary);
  state->machine = std::move(*machine);
  return std::make_shared<const CfgGrammar>(std::move(state));
}

}  // namespace atelier
