#include "engine/grammar/cfg_machine.h"

#include <algorithm>
#include <utility>

namespace atelier {
namespace {

enum MetKind : uint64_t { kMetState, kMetThread, kMetEdge, kMetTail };

// REQUIRES: a and b are not negative.
constexpr uint64_t What(MetKind kind, int32_t a, int32_t b = 0) {
  return (uint64_t{kind} << 62) | (static_cast<uint64_t>(a) << 31) | static_cast<uint64_t>(b);
}

constexpr size_t kMaxNoted = 64;  // frames; where more matter, states hardly come again

}  // namespace

Result<std::unique_ptr<CfgMachine>> CfgMachine::Create(Cfg cfg, int32_t root) {
  TRY_VOID(cfg.Fold(root));
  TRY(CfgNetworks networks, CfgNetworks::Create(cfg, root));
  if (cfg.languages().over_budget()) {
    return Error::TooLarge("grammar", "got terminals that need too many states, want fewer or simpler ones");
  }
  return std::unique_ptr<CfgMachine>(new CfgMachine(std::move(cfg), std::move(networks)));
}

CfgMachine::CfgMachine(Cfg cfg, CfgNetworks networks)
    : cfg_(std::move(cfg)),
      networks_(std::move(networks)),
      frames_(networks_.networks.size()),
      frame_steps_(networks_.networks.size()),
      met_(64) {
  MakeStart();
}

void CfgMachine::MakeStart() {
  Step step{start_arena_, start_};
  ++step_;
  Call(networks_.root, CfgNetworks::kDone, nullptr, step);
  if (networks_.networks[static_cast<size_t>(networks_.root)].accepts_empty) Enter(CfgNetworks::kDone, nullptr);
  Close(step);
  start_steps_ = step_;
}

void CfgMachine::StepAll(std::span<const CfgThread> threads, uint8_t byte, std::string_view text, Arena& arena,
                         std::vector<CfgThread>& out) {
  Step step{arena, out};
  ++step_;
  num_met_ = 0;
  for (size_t i = 0; i < threads.size(); ++i) {
    const CfgThread& thread = threads[i];
    if (thread.language == CfgThread::kInJson) {
      const size_t num = DocumentThreads(threads.subspan(i));
      StepJson(threads.subspan(i, num), byte, text, step);
      i += num - 1;
      continue;
    }
    const LanguageId next = languages().Next(thread.language, byte);
    if (next == Languages::kNothing) continue;
    const Answer answer = Look(next).answer;
    if (answer == Answer::kGoesOn || answer == Answer::kEndsOrGoesOn) AddThread(next, thread.to, thread.frame, step);
    if (answer == Answer::kEnds || answer == Answer::kEndsOrGoesOn) Enter(thread.to, thread.frame);
  }
  Close(step);
}

void CfgMachine::Follow(int32_t to, const CfgFrame* frame, Arena& arena, std::vector<CfgThread>& out) {
  Step step{arena, out};
  ++step_;
  num_met_ = 0;
  Enter(to, frame);
  Close(step);
}

ByteSet CfgMachine::MayFollow(std::span<const CfgThread> threads) {
  ByteSet bytes;
  for (const CfgThread& thread : threads) {
    bytes |= thread.language == CfgThread::kInJson ? cfg_.document(thread.document).MayFollow({thread.json, 1})
                                                   : Look(thread.language).next;
  }
  return bytes;
}

// Those in the same document at the same place, which stand together.
size_t CfgMachine::DocumentThreads(std::span<const CfgThread> threads) {
  size_t num = 1;
  const auto same = [&](const CfgThread& thread) {
    return thread.language == CfgThread::kInJson && thread.document == threads[0].document &&
           thread.to == threads[0].to && thread.frame == threads[0].frame;
  };
  while (num < threads.size() && same(threads[num])) ++num;
  return num;
}

void CfgMachine::StepJson(std::span<const CfgThread> threads, uint8_t byte, std::string_view text, Step& step) {
  const CfgThread& thread = threads[0];
  JsonMachine& machine = cfg_.document(thread.document);
  json_before_.clear();
  for (const CfgThread& each : threads) json_before_.push_back(*each.json);
  json_.clear();
  machine.StepAll(json_before_, byte, text, step.arena, json_);
  bool ends = false;
  for (const JsonThread& next : json_) {
    CfgThread& added = step.out.emplace_back(thread);
    added.json = step.arena.Make(next);
    ends |= machine.Accepts(next);
  }
  if (ends) Enter(thread.to, thread.frame);
}

const CfgMachine::Terminal& CfgMachine::Look(LanguageId language) {
  const auto index = static_cast<size_t>(language);
  if (index >= terminals_.size()) terminals_.resize(index + 1);
  Terminal& terminal = terminals_[index];
  if (terminal.answer == Answer::kUnknown) {
    const bool ends = languages().Accepts(language);
    if (language != Languages::kEmpty) terminal.next = languages().NextBytes(language);
    terminal.answer =
        terminal.next.any() ? (ends ? Answer::kEndsOrGoesOn : Answer::kGoesOn) : (ends ? Answer::kEnds : Answer::kDead);
  }
  return terminal;
}

// ---- which frames matter

void CfgMachine::NoteFrames() {
  noted_steps_ = step_;
  noted_.clear();
}

std::optional<std::vector<const CfgFrame*>> CfgMachine::StopNoting() {
  noted_steps_ = 0;
  if (noted_.size() > kMaxNoted) return std::nullopt;
  return noted_;
}

const CfgEdge* CfgMachine::EdgesOf(const CfgFrame* frame) {
  const bool note = frame->step <= noted_steps_ && !IsCommon(frame) && noted_.size() <= kMaxNoted;
  if (note && std::ranges::find(noted_, frame) == noted_.end()) noted_.push_back(frame);
  return frame->edges;
}

// ---- what may begin where something ended

void CfgMachine::Enter(int32_t state, const CfgFrame* frame) {
  if (Meet(What(kMetState, state), frame, nullptr)) open_.push_back({state, frame});
}

void CfgMachine::Close(Step& step) {
  while (!open_.empty()) {
    const Place place = open_.back();
    open_.pop_back();
    if (place.state == CfgNetworks::kDone) {
      AddThread(Languages::kEmpty, CfgNetworks::kDone, nullptr, step);
      continue;
    }
    const CfgState& state = networks_.states[static_cast<size_t>(place.state)];
    for (const CfgMove& move : state.moves) {
      switch (move.kind) {
        case CfgMove::Kind::kTerminal: AddThread(move.value, move.to, place.frame, step); break;
        case CfgMove::Kind::kCall: Call(move.value, move.to, place.frame, step); break;
        case CfgMove::Kind::kJson: {
          const JsonThread* start = step.arena.Make(cfg_.document(move.value).Start());
          step.out.push_back({CfgThread::kInJson, move.to, place.frame, start, move.value});
          break;
        }
      }
    }
    // A frame of this very step has read nothing; that it may be empty was seen to by whoever called it.
    if (!state.is_final || place.frame->step == step_) continue;
    for (const CfgEdge* edge = EdgesOf(place.frame); edge != nullptr; edge = edge->next) Enter(edge->to, edge->frame);
  }
}

void CfgMachine::Call(int32_t network, int32_t to, const CfgFrame* from, Step& step) {
  const auto index = static_cast<size_t>(network);
  if (frame_steps_[index] != step_) {
    frame_steps_[index] = step_;
    frames_[index] = step.arena.MakeArray<CfgFrame>(1);
    frames_[index]->step = step_;
    Enter(networks_.networks[index].start, frames_[index]);
  }
  CfgFrame& frame = *frames_[index];
  const CfgState& after = networks_.states[static_cast<size_t>(to)];
  if (from != nullptr && after.is_final && after.moves.empty()) return AddTail(frame, from, step);
  AddEdge(frame, to, from, step);
}

void CfgMachine::AddEdge(CfgFrame& frame, int32_t to, const CfgFrame* outer, Step& step) {
  if (!Meet(What(kMetEdge, to), &frame, outer)) return;
  frame.edges = step.arena.Make(CfgEdge{to, outer, frame.edges});
}

// Whatever follows `outer` follows `frame`.
void CfgMachine::AddTail(CfgFrame& frame, const CfgFrame* outer, Step& step) {
  tails_.assign(1, outer);
  while (!tails_.empty()) {
    outer = tails_.back();
    tails_.pop_back();
    if (outer->step == step_) {  // it may get more edges
      AddEdge(frame, CfgNetworks::kReturn, outer, step);
      continue;
    }
    if (!Meet(What(kMetTail, 0), &frame, outer)) continue;
    for (const CfgEdge* edge = EdgesOf(outer); edge != nullptr; edge = edge->next) {
      if (edge->to == CfgNetworks::kReturn) {
        tails_.push_back(edge->frame);
      } else {
        AddEdge(frame, edge->to, edge->frame, step);
      }
    }
  }
}

void CfgMachine::AddThread(LanguageId language, int32_t to, const CfgFrame* frame, Step& step) {
  if (Meet(What(kMetThread, language, to), frame, nullptr)) step.out.push_back({language, to, frame, nullptr, 0});
}

bool CfgMachine::Meet(uint64_t what, const void* frame, const void* other) {
  if (num_met_ * 2 >= met_.size()) GrowMet();
  uint64_t hash = what * 0x9E3779B97F4A7C15;
  hash ^= (reinterpret_cast<uintptr_t>(frame) >> 3) * 0xC2B2AE3D27D4EB4F;
  hash ^= (reinterpret_cast<uintptr_t>(other) >> 3) * 0x165667B19E3779F9;
  hash ^= hash >> 29;
  for (size_t i = hash & (met_.size() - 1);; i = (i + 1) & (met_.size() - 1)) {
    Met& met = met_[i];
    if (met.step != step_) {
      met = {step_, what, frame, other};
      ++num_met_;
      return true;
    }
    if (met.what == what && met.frame == frame && met.other == other) return false;
  }
}

void CfgMachine::GrowMet() {
  std::vector<Met> old = std::exchange(met_, std::vector<Met>(met_.size() * 2));
  num_met_ = 0;
  for (const Met& met : old) {
    if (met.step == step_) Meet(met.what, met.frame, met.other);
  }
}

}  // namespace atelier
