#include "engine/grammar/cfg_network.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace atelier {
namespace {

using Kind = CfgExpr::Kind;

constexpr size_t kMaxMoves = 2'000'000;

Error TooManyStates() {
  return Error::TooLarge("grammar", "got one that needs over " + std::to_string(kMaxCfgStates) +
                                        " states for repetition of rules that are recursive, want a smaller one");
}

class Builder {
 public:
  Builder(Cfg& cfg, CfgNetworks& out) : cfg_(&cfg), out_(&out) {}

  Result<void> Run(int32_t root) {
    for (int i = 0; i < 2; ++i) NewState();
    raw_[CfgNetworks::kReturn].is_final = true;
    out_->root = NetworkOf(root);
    for (size_t i = 0; i < sources_.size(); ++i) {
      const int32_t start = NewState();
      out_->networks[i].start = start;
      const int32_t source = sources_[i];
      int32_t end = 0;
      if (source < 0) {  // a document, called like a rule so that whoever wants it at one place shares it
        end = NewState();
        raw_[static_cast<size_t>(start)].moves.push_back({CfgMove::Kind::kJson, -1 - source, end});
      } else {
        end = Build(cfg_->body(source), start);
      }
      raw_[static_cast<size_t>(end)].is_final = true;
      if (too_large_) return TooManyStates();
    }
    FindEmpty();
    if (work_ > kMaxMoves) return TooManyStates();
    return Close();
  }

 private:
  struct RawState {
    std::vector<int32_t> skips;  // states that are reached without a byte
    std::vector<CfgMove> moves;
    bool is_final = false;
  };

  int32_t NewState() {
    raw_.emplace_back();
    if (raw_.size() > static_cast<size_t>(kMaxCfgStates)) too_large_ = true;
    return static_cast<int32_t>(raw_.size()) - 1;
  }

  int32_t NetworkOf(int32_t source) {
    const auto [at, is_new] = network_ids_.try_emplace(source, static_cast<int32_t>(sources_.size()));
    if (is_new) {
      sources_.push_back(source);
      out_->networks.emplace_back();
    }
    return at->second;
  }

  void Skip(int32_t from, int32_t to) { raw_[static_cast<size_t>(from)].skips.push_back(to); }

  // States that read `expr` from `from` on; returns where it ends. Nothing leads back to `from`.
  int32_t Build(CfgExprId id, int32_t from) {
    if (too_large_ || id == Cfg::kEmpty) return from;
    const CfgExpr& e = cfg_->expr(id);
    const auto move = [&](CfgMove::Kind kind, int32_t value) {
      const int32_t to = NewState();
      raw_[static_cast<size_t>(from)].moves.push_back({kind, value, to});
      return to;
    };
    switch (e.kind) {
      case Kind::kTerminal: return move(CfgMove::Kind::kTerminal, e.value);
      case Kind::kRule: return move(CfgMove::Kind::kCall, NetworkOf(e.value));
      case Kind::kJson: return move(CfgMove::Kind::kCall, NetworkOf(-1 - e.value));
      case Kind::kConcat:
        for (const CfgExprId part : e.parts) from = Build(part, from);
        return from;
      case Kind::kOr: {
        const int32_t end = NewState();
        for (const CfgExprId part : e.parts) Skip(Build(part, from), end);
        return end;
      }
      case Kind::kRepeat: return BuildRepeat(e, from);
    }
    return from;
  }

  int32_t BuildRepeat(const CfgExpr& e, int32_t from) {
    for (int64_t i = 0; i < e.min && !too_large_; ++i) from = Build(e.parts[0], from);
    if (e.max == CfgExpr::kNoMax) {
      const int32_t loop = NewState();
      Skip(from, loop);
      Skip(Build(e.parts[0], loop), loop);
      const int32_t end = NewState();
      Skip(loop, end);
      return end;
    }
    const int32_t end = NewState();
    for (int64_t i = e.min; i < e.max && !too_large_; ++i) {
      Skip(from, end);
      from = Build(e.parts[0], from);
    }
    Skip(from, end);
    return end;
  }

  bool MayBeEmpty(const CfgMove& move) const {
    if (move.kind == CfgMove::Kind::kTerminal) return cfg_->languages().Accepts(move.value);
    return move.kind == CfgMove::Kind::kCall && out_->networks[static_cast<size_t>(move.value)].accepts_empty;
  }

  // States reached from `start` without a byte, itself among them.
  const std::vector<int32_t>& Reach(int32_t start) {
    ++round_;
    reached_.assign(1, start);
    seen_.resize(raw_.size());
    seen_[static_cast<size_t>(start)] = round_;
    const auto add = [&](int32_t state) {
      if (std::exchange(seen_[static_cast<size_t>(state)], round_) != round_) reached_.push_back(state);
    };
    for (size_t i = 0; i < reached_.size(); ++i) {
      const RawState& state = raw_[static_cast<size_t>(reached_[i])];
      for (const int32_t to : state.skips) add(to);
      for (const CfgMove& move : state.moves) {
        if (MayBeEmpty(move)) add(move.to);
      }
    }
    work_ += reached_.size();
    return reached_;
  }

  void FindEmpty() {
    for (bool changed = true; changed && work_ <= kMaxMoves;) {
      changed = false;
      for (CfgNetwork& network : out_->networks) {
        if (network.accepts_empty) continue;
        for (const int32_t state : Reach(network.start))
          network.accepts_empty |= raw_[static_cast<size_t>(state)].is_final;
        changed |= network.accepts_empty;
      }
    }
  }

  Result<void> Close() {
    out_->states.resize(raw_.size());
    std::vector<bool> wanted(raw_.size());
    std::vector<int32_t> open;
    const auto want = [&](int32_t state) {
      if (wanted[static_cast<size_t>(state)]) return;
      wanted[static_cast<size_t>(state)] = true;
      open.push_back(state);
    };
    want(CfgNetworks::kReturn);
    for (const CfgNetwork& network : out_->networks) want(network.start);
    size_t num_moves = 0;
    while (!open.empty()) {
      const int32_t at = open.back();
      open.pop_back();
      CfgState& state = out_->states[static_cast<size_t>(at)];
      for (const int32_t reached : Reach(at)) {
        const RawState& raw = raw_[static_cast<size_t>(reached)];
        state.is_final |= raw.is_final;
        for (const CfgMove& move : raw.moves) {
          if (move.kind == CfgMove::Kind::kTerminal && move.value == Languages::kEmpty) continue;
          state.moves.push_back(move);
          want(move.to);
        }
      }
      num_moves += state.moves.size();
      if (num_moves > kMaxMoves || work_ > 4 * kMaxMoves) return TooManyStates();
    }
    return {};
  }

  Cfg* cfg_;
  CfgNetworks* out_;
  std::vector<RawState> raw_;
  std::unordered_map<int32_t, int32_t> network_ids_;
  std::vector<int32_t> sources_;  // by network: a rule, or -1 - a document
  std::vector<int32_t> reached_;
  std::vector<uint32_t> seen_;
  uint32_t round_ = 0;
  size_t work_ = 0;
  bool too_large_ = false;
};

}  // namespace

Result<CfgNetworks> CfgNetworks::Create(Cfg& cfg, int32_t root) {
  CfgNetworks networks;
  TRY_VOID(Builder(cfg, networks).Run(root));
  return networks;
}

}  // namespace atelier
