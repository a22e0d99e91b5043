#include "engine/grammar/cfg_constraint.h"

#include <algorithm>
#include <utility>

#include "engine/grammar/cfg_machine.h"
#include "engine/grammar/gbnf.h"
#include "engine/grammar/lark.h"
#include "engine/grammar/machine_constraint.h"
#include "engine/grammar/structural_tag.h"

namespace atelier {
namespace {

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
  const std::vector<CfgThread> start = (*machine)->Start();
  return std::make_shared<const MachineGrammar<CfgMachine>>(std::move(vocabulary), std::move(*machine), start);
}

}  // namespace atelier
