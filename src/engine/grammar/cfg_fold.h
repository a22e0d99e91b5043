// The inside of Cfg::Fold. Rules are taken in the order of who refers to whom, a circle of rules at a time.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/grammar/cfg.h"

namespace atelier {

class Cfg::Folder {
 public:
  explicit Folder(Cfg& cfg);

  Result<void> Run(int32_t root);

 private:
  using Sequence = std::vector<CfgExprId>;
  using Replacements = std::unordered_map<int32_t, CfgExprId>;

  // Circles of rules that `root` reaches, those that others refer to first.
  std::vector<std::vector<int32_t>> Circles(int32_t root);
  std::vector<int32_t> RulesIn(CfgExprId expr);
  void DropUnproductive(std::span<const std::vector<int32_t>> circles);
  bool IsProductive(CfgExprId expr, const std::vector<bool>& productive);

  void FoldCircle(const std::vector<int32_t>& members);
  void PutInPlace(const std::vector<int32_t>& members);
  // How often `expr` names the rule; 2 stands for any more.
  int Uses(CfgExprId expr, int32_t rule);
  CfgExprId Replace(CfgExprId expr, const Replacements& by);
  CfgExprId Replace(CfgExprId expr, const Replacements& by, std::unordered_map<CfgExprId, CfgExprId>& done);

  // The rule's body without its own recursion at the left and right end, where that can be had.
  CfgExprId WithoutEndRecursion(int32_t rule, CfgExprId body);
  // Alternatives in which the rule stands at an end only as a whole part.
  bool Spread(const Sequence& sequence, int32_t rule, std::vector<Sequence>& out);
  bool AtEnd(CfgExprId expr, int32_t rule, bool left) const;

  Cfg* cfg_;
  Replacements terminals_;  // rules that became one
  int64_t work_ = 0;
};

}  // namespace atelier
