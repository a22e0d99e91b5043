#include "engine/grammar/cfg_fold.h"

#include <algorithm>
#include <utility>

namespace atelier {
namespace {

using Kind = CfgExpr::Kind;

constexpr int64_t kMaxWork = 20'000'000;  // expressions looked at; keeps a hostile grammar under a second
constexpr size_t kMaxPutInPlace = 32;     // rules of a circle that are put in each other's place
constexpr size_t kMaxAlternatives = 64;   // of a rule whose end recursion is removed

Error TooMuch(std::string_view what) {
  return Error::TooLarge("grammar", "got one that needs too many " + std::string(what) + ", want a smaller one");
}

}  // namespace

Result<void> Cfg::Fold(int32_t root) { return Folder(*this).Run(root); }

Cfg::Folder::Folder(Cfg& cfg) : cfg_(&cfg) {}

Result<void> Cfg::Folder::Run(int32_t root) {
  const std::vector<std::vector<int32_t>> circles = Circles(root);
  DropUnproductive(circles);
  for (const std::vector<int32_t>& circle : circles) {
    if (work_ > kMaxWork) break;
    FoldCircle(circle);
    if (cfg_->exprs_.size() > kMaxCfgExprs) return TooMuch("expressions");
  }
  if (work_ > kMaxWork) return TooMuch("steps to read");
  if (cfg_->languages_->over_budget()) return TooMuch("states");
  if (cfg_->body(root) == kNothing) {
    return Error::Invalid("grammar", "got one that no text matches, want one that some text can");
  }
  return {};
}

std::vector<int32_t> Cfg::Folder::RulesIn(CfgExprId expr) {
  std::vector<int32_t> rules;
  std::vector<CfgExprId> open = {expr};
  std::unordered_map<CfgExprId, bool> seen;
  while (!open.empty()) {
    const CfgExprId next = open.back();
    open.pop_back();
    if (!seen.try_emplace(next, true).second) continue;
    ++work_;
    const CfgExpr& e = cfg_->expr(next);
    if (e.kind == Kind::kRule) rules.push_back(e.value);
    open.insert(open.end(), e.parts.begin(), e.parts.end());
  }
  std::sort(rules.begin(), rules.end());
  return rules;
}

// Strongly connected components.                                                                       [Tarjan 1972]
std::vector<std::vector<int32_t>> Cfg::Folder::Circles(int32_t root) {
  struct Visit {
    int32_t rule;
    std::vector<int32_t> next;
    size_t at = 0;
  };
  const auto size = static_cast<size_t>(cfg_->num_rules());
  std::vector<int32_t> order(size, -1), low(size, 0);
  std::vector<bool> on_stack(size);
  std::vector<int32_t> stack;
  std::vector<Visit> visits;
  std::vector<std::vector<int32_t>> circles;
  int32_t count = 0;
  const auto enter = [&](int32_t rule) {
    order[static_cast<size_t>(rule)] = low[static_cast<size_t>(rule)] = count++;
    on_stack[static_cast<size_t>(rule)] = true;
    stack.push_back(rule);
    visits.push_back({rule, RulesIn(cfg_->body(rule))});
  };
  enter(root);
  while (!visits.empty()) {
    Visit& visit = visits.back();
    const auto rule = static_cast<size_t>(visit.rule);
    if (visit.at < visit.next.size()) {
      const int32_t to = visit.next[visit.at++];
      if (order[static_cast<size_t>(to)] < 0) {
        enter(to);
      } else if (on_stack[static_cast<size_t>(to)]) {
        low[rule] = std::min(low[rule], order[static_cast<size_t>(to)]);
      }
      continue;
    }
    visits.pop_back();
    if (!visits.empty()) {
      int32_t& outer = low[static_cast<size_t>(visits.back().rule)];
      outer = std::min(outer, low[rule]);
    }
    if (low[rule] != order[rule]) continue;
    std::vector<int32_t>& circle = circles.emplace_back();
    do {
      circle.push_back(stack.back());
      on_stack[static_cast<size_t>(stack.back())] = false;
      stack.pop_back();
    } while (circle.back() != static_cast<int32_t>(rule));
  }
  return circles;
}

bool Cfg::Folder::IsProductive(CfgExprId expr, const std::vector<bool>& productive) {
  ++work_;
  const CfgExpr& e = cfg_->expr(expr);
  const auto is = [&](CfgExprId part) { return IsProductive(part, productive); };
  switch (e.kind) {
    case Kind::kTerminal: return expr != kNothing;
    case Kind::kJson: return true;
    case Kind::kRule: return productive[static_cast<size_t>(e.value)];
    case Kind::kConcat: return std::all_of(e.parts.begin(), e.parts.end(), is);
    case Kind::kOr: return std::any_of(e.parts.begin(), e.parts.end(), is);
    case Kind::kRepeat: return e.min == 0 || is(e.parts[0]);
  }
  return false;
}

void Cfg::Folder::DropUnproductive(std::span<const std::vector<int32_t>> circles) {
  std::vector<bool> productive(static_cast<size_t>(cfg_->num_rules()));
  for (const std::vector<int32_t>& circle : circles) {
    for (bool changed = true; changed && work_ <= kMaxWork;) {
      changed = false;
      for (const int32_t rule : circle) {
        const auto index = static_cast<size_t>(rule);
        if (productive[index] || !IsProductive(cfg_->body(rule), productive)) continue;
        productive[index] = changed = true;
      }
    }
    for (const int32_t rule : circle) {
      if (!productive[static_cast<size_t>(rule)]) {
        terminals_[rule] = kNothing;
        cfg_->Define(rule, kNothing);
      }
    }
  }
}

CfgExprId Cfg::Folder::Replace(CfgExprId expr, const Replacements& by) {
  if (by.empty()) return expr;
  std::unordered_map<CfgExprId, CfgExprId> done;
  return Replace(expr, by, done);
}

CfgExprId Cfg::Folder::Replace(CfgExprId expr, const Replacements& by, std::unordered_map<CfgExprId, CfgExprId>& done) {
  if (work_ > kMaxWork || cfg_->exprs_.size() > kMaxCfgExprs) return expr;
  const CfgExpr& e = cfg_->expr(expr);
  if (e.kind == Kind::kTerminal || e.kind == Kind::kJson) return expr;
  if (e.kind == Kind::kRule) {
    const auto at = by.find(e.value);
    return at == by.end() ? expr : at->second;
  }
  if (const auto at = done.find(expr); at != done.end()) return at->second;
  work_ += 1 + static_cast<int64_t>(e.parts.size());
  Sequence parts;
  parts.reserve(e.parts.size());
  for (const CfgExprId part : e.parts) parts.push_back(Replace(part, by, done));
  CfgExprId result = kNothing;
  if (e.kind == Kind::kConcat) result = cfg_->Concat(parts);
  if (e.kind == Kind::kOr) result = cfg_->Or(parts);
  if (e.kind == Kind::kRepeat) result = cfg_->Repeat(parts[0], e.min, e.max);
  done.emplace(expr, result);
  return result;
}

void Cfg::Folder::FoldCircle(const std::vector<int32_t>& members) {
  for (const int32_t rule : members) {
    cfg_->Define(rule, WithoutEndRecursion(rule, Replace(cfg_->body(rule), terminals_)));
  }
  if (members.size() > 1) PutInPlace(members);
  for (bool changed = true; changed && work_ <= kMaxWork;) {
    changed = false;
    Replacements now;
    for (const int32_t rule : members) {
      if (cfg_->expr(cfg_->body(rule)).kind != Kind::kTerminal) continue;
      if (terminals_.try_emplace(rule, cfg_->body(rule)).second) now.emplace(rule, cfg_->body(rule));
    }
    if (now.empty() || members.size() == 1) break;
    for (const int32_t rule : members) {
      const CfgExprId body = Replace(cfg_->body(rule), now);
      changed |= body != cfg_->body(rule);
      cfg_->Define(rule, WithoutEndRecursion(rule, body));
    }
  }
}

int Cfg::Folder::Uses(CfgExprId expr, int32_t rule) {
  if (++work_ > kMaxWork) return 2;
  const CfgExpr& e = cfg_->expr(expr);
  if (e.kind == Kind::kRule) return e.value == rule ? 1 : 0;
  if (e.kind == Kind::kRepeat && e.max > 1) return std::min(2, 2 * Uses(e.parts[0], rule));
  int uses = 0;
  for (const CfgExprId part : e.parts) {
    uses += Uses(part, rule);
    if (uses >= 2) return 2;
  }
  return uses;
}

void Cfg::Folder::PutInPlace(const std::vector<int32_t>& members) {
  if (members.size() > kMaxPutInPlace) return;
  for (const int32_t rule : members) {
    const CfgExprId body = cfg_->body(rule);
    if (Uses(body, rule) > 0) continue;
    int uses = 0;
    int32_t user = -1;
    for (const int32_t other : members) {
      const int times = Uses(cfg_->body(other), rule);
      if (times > 0) user = other;
      uses += times;
    }
    if (uses != 1) continue;
    cfg_->Define(user, WithoutEndRecursion(user, Replace(cfg_->body(user), {{rule, body}})));
  }
}

bool Cfg::Folder::AtEnd(CfgExprId expr, int32_t rule, bool left) const {
  const CfgExpr& e = cfg_->expr(expr);
  switch (e.kind) {
    case Kind::kTerminal:
    case Kind::kJson: return false;
    case Kind::kRule: return e.value == rule;
    case Kind::kConcat: return AtEnd(left ? e.parts.front() : e.parts.back(), rule, left);
    case Kind::kOr:
      return std::any_of(e.parts.begin(), e.parts.end(), [&](CfgExprId part) { return AtEnd(part, rule, left); });
    case Kind::kRepeat: return e.max == 1 && AtEnd(e.parts[0], rule, left);
  }
  return false;
}

bool Cfg::Folder::Spread(const Sequence& sequence, int32_t rule, std::vector<Sequence>& out) {
  if (out.size() > kMaxAlternatives || ++work_ > kMaxWork) return false;
  for (const bool left : {true, false}) {
    if (sequence.empty()) break;
    const CfgExprId end = left ? sequence.front() : sequence.back();
    const CfgExpr& e = cfg_->expr(end);
    if ((e.kind != Kind::kOr && e.kind != Kind::kRepeat) || !AtEnd(end, rule, left)) continue;
    Sequence options = e.parts;
    if (e.kind == Kind::kRepeat) options.push_back(kEmpty);
    for (const CfgExprId option : options) {
      Sequence next;
      const auto add_option = [&] {
        if (option == kEmpty) return;
        const CfgExpr& o = cfg_->expr(option);
        if (o.kind == Kind::kConcat) {
          next.insert(next.end(), o.parts.begin(), o.parts.end());
        } else {
          next.push_back(option);
        }
      };
      if (left) add_option();
      next.insert(next.end(), sequence.begin() + (left ? 1 : 0), sequence.end() - (left ? 0 : 1));
      if (!left) add_option();
      if (!Spread(next, rule, out)) return false;
    }
    return true;
  }
  out.push_back(sequence);
  return out.size() <= kMaxAlternatives;
}

// With the alternatives  x A,  A y,  A op A  and the rest z:   A = u (op u)*  where  u = x* z y*.
// By induction on a derivation, each of the four yields a text of that form, and each text of it is derived.
CfgExprId Cfg::Folder::WithoutEndRecursion(int32_t rule, CfgExprId body) {
  if (!AtEnd(body, rule, true) && !AtEnd(body, rule, false)) return body;
  std::vector<Sequence> alternatives;
  const CfgExpr& e = cfg_->expr(body);
  for (const CfgExprId part : e.kind == Kind::kOr ? e.parts : Sequence{body}) {
    const CfgExpr& p = cfg_->expr(part);
    if (!Spread(p.kind == Kind::kConcat ? p.parts : Sequence{part}, rule, alternatives)) return body;
  }
  Sequence before, after, between, rest;
  const CfgExprId self = cfg_->Rule(rule);
  for (const Sequence& sequence : alternatives) {
    const bool left = !sequence.empty() && sequence.front() == self;
    const bool right = !sequence.empty() && sequence.back() == self;
    if (left && right && sequence.size() == 1) continue;  // A = A adds nothing
    const CfgExprId inner = cfg_->Concat(Sequence(sequence.begin() + (left ? 1 : 0), sequence.end() - (right ? 1 : 0)));
    (left && right ? between : left ? after : right ? before : rest).push_back(inner);
  }
  const CfgExprId unit = cfg_->Concat({cfg_->Repeat(cfg_->Or(before), 0, CfgExpr::kNoMax), cfg_->Or(rest),
                                       cfg_->Repeat(cfg_->Or(after), 0, CfgExpr::kNoMax)});
  const CfgExprId more = cfg_->Repeat(cfg_->Concat({cfg_->Or(between), unit}), 0, CfgExpr::kNoMax);
  return cfg_->Concat({unit, more});
}

}  // namespace atelier
