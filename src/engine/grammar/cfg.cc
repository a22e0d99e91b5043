#include "engine/grammar/cfg.h"

#include <algorithm>
#include <utility>

namespace atelier {
namespace {

using Kind = CfgExpr::Kind;

}  // namespace

Cfg::Cfg(const TokenTrie* tokens) : tokens_(tokens), languages_(std::make_unique<Languages>()) {
  Terminal(Languages::kNothing);
  Terminal(Languages::kEmpty);
}

CfgExprId Cfg::Intern(CfgExpr expr) {
  const auto [at, is_new] = ids_.try_emplace(std::move(expr), static_cast<CfgExprId>(exprs_.size()));
  if (is_new) exprs_.push_back(&at->first);
  return at->second;
}

CfgExprId Cfg::Terminal(LanguageId language) {
  if (language != Languages::kNothing && languages_->IsNothing(language)) language = Languages::kNothing;
  return Intern({.kind = Kind::kTerminal, .value = language});
}

CfgExprId Cfg::Rule(int32_t rule) { return Intern({.kind = Kind::kRule, .value = rule}); }

CfgExprId Cfg::Json(std::unique_ptr<JsonMachine> document) {
  documents_.push_back(std::move(document));
  return Intern({.kind = Kind::kJson, .value = num_documents() - 1});
}

int32_t Cfg::AddRule() {
  rules_.push_back(kNothing);
  return num_rules() - 1;
}

CfgExprId Cfg::Concat(const std::vector<CfgExprId>& parts) {
  std::vector<CfgExprId> flat;
  const auto add = [&](CfgExprId part) {
    if (part == kEmpty) return;
    if (!flat.empty() && expr(flat.back()).kind == Kind::kTerminal && expr(part).kind == Kind::kTerminal) {
      part = Terminal(languages_->Concat(expr(flat.back()).value, expr(part).value));
      flat.pop_back();
    }
    flat.push_back(part);
  };
  for (const CfgExprId part : parts) {
    if (part == kNothing) return kNothing;
    if (expr(part).kind != Kind::kConcat) {
      add(part);
      continue;
    }
    for (const CfgExprId inner : expr(part).parts) add(inner);
  }
  if (flat.empty()) return kEmpty;
  return flat.size() == 1 ? flat[0] : Intern({.kind = Kind::kConcat, .parts = std::move(flat)});
}

CfgExprId Cfg::Or(const std::vector<CfgExprId>& parts) {
  std::vector<CfgExprId> flat;
  std::vector<LanguageId> terminals;
  const auto add = [&](CfgExprId part) {
    if (expr(part).kind == Kind::kTerminal) {
      terminals.push_back(expr(part).value);
    } else {
      flat.push_back(part);
    }
  };
  for (const CfgExprId part : parts) {
    if (expr(part).kind != Kind::kOr) {
      add(part);
      continue;
    }
    for (const CfgExprId inner : expr(part).parts) add(inner);
  }
  if (!terminals.empty()) {
    const CfgExprId terminal = Terminal(terminals.size() == 1 ? terminals[0] : languages_->Or(terminals));
    if (terminal != kNothing) flat.push_back(terminal);
  }
  std::sort(flat.begin(), flat.end());
  flat.erase(std::unique(flat.begin(), flat.end()), flat.end());
  if (flat.empty()) return kNothing;
  return flat.size() == 1 ? flat[0] : Intern({.kind = Kind::kOr, .parts = std::move(flat)});
}

CfgExprId Cfg::Repeat(CfgExprId part, int64_t min, int64_t max) {
  if (max == 0 || part == kEmpty) return kEmpty;
  if (part == kNothing) return min == 0 ? kEmpty : kNothing;
  if (min == 1 && max == 1) return part;
  const CfgExpr& inner = expr(part);
  if (inner.kind == Kind::kTerminal) {
    return Terminal(languages_->Repeat(inner.value, min, max == CfgExpr::kNoMax ? std::nullopt : std::optional(max)));
  }
  return Intern({.kind = Kind::kRepeat, .min = min, .max = max, .parts = {part}});
}

}  // namespace atelier
