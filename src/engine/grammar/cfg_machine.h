// Reads text byte by byte by a Cfg. The state is a list of Threads, ways in which what was read may go on: each stands
// in a terminal or a JSON document, and knows the frame of the rule that it is in. A Frame is one rule begun at one
// place of the text; its edges say where that rule's end may lead, each to a state of a rule that waits in an outer
// frame. However many derivations there are, a rule has one frame at a place (a graph-structured stack), so an
// ambiguous grammar takes polynomial time, and a left-recursive rule is a frame with an edge to itself.    [Scott,
// Johnstone 2010, GLL parsing]
//
// A call that is the last thing of its rule hands on the outer frame's edges, so right recursion needs no depth.
//
// Frames are changed only in the step that makes them; so threads of a longer text share those of its beginning.
// Invariant: every thread can be completed, for rules that derive nothing were removed and every frame has an edge.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/grammar/arena.h"
#include "engine/grammar/cfg.h"
#include "engine/grammar/cfg_network.h"

namespace atelier {

struct CfgFrame;

struct CfgEdge {
  int32_t to;             // a state; kReturn: what follows `frame`
  const CfgFrame* frame;  // null: outside of the root
  const CfgEdge* next;
};

struct CfgFrame {
  uint64_t step = 0;  // that made it
  const CfgEdge* edges = nullptr;
};

struct CfgThread {
  static constexpr LanguageId kInJson = -1;
  LanguageId language = Languages::kNothing;  // of what may follow in the terminal
  int32_t to = 0;                             // the state after it; kDone with kEmpty: the text may end here
  const CfgFrame* frame = nullptr;
  const JsonThread* json = nullptr;  // kInJson
  int32_t document = 0;
};

class CfgMachine {
 public:
  using Thread = CfgThread;

  // Errors: those of Cfg::Fold and CfgNetworks.
  static Result<std::unique_ptr<CfgMachine>> Create(Cfg cfg, int32_t root);

  const std::vector<CfgThread>& Start() const { return start_; }
  // Appends what `threads` become by `byte`; see mask_walk.h. Equal threads become one.
  void StepAll(std::span<const CfgThread> threads, uint8_t byte, std::string_view text, Arena& arena,
               std::vector<CfgThread>& out);
  // Appends what may come where a terminal that leads to `to` in `frame` has just ended.
  void Follow(int32_t to, const CfgFrame* frame, Arena& arena, std::vector<CfgThread>& out);
  ByteSet MayFollow(std::span<const CfgThread> threads);
  bool Accepts(const CfgThread& thread) const {
    return thread.to == CfgNetworks::kDone && thread.language == Languages::kEmpty;
  }

  // Whether a frame is the same in every output: it was there before anything was read.
  bool IsCommon(const CfgFrame* frame) const { return frame == nullptr || frame->step <= start_steps_; }

  // From here on, notes which of the frames that are there now are looked into: what is read until StopNoting depends
  // on these alone. Those that are common are not noted.
  void NoteFrames();
  // Each once. Nothing: they were too many.
  std::optional<std::vector<const CfgFrame*>> StopNoting();

  JsonMachine& document(int32_t index) { return cfg_.document(index); }
  int32_t num_documents() const { return cfg_.num_documents(); }

  Languages& languages() { return cfg_.languages(); }
  const CfgNetworks& networks() const { return networks_; }

 private:
  struct Place {
    int32_t state;
    const CfgFrame* frame;
  };
  // What was met in this step, by kind and value.
  struct Met {
    uint64_t step = 0;
    uint64_t what = 0;
    const void* frame = nullptr;
    const void* other = nullptr;
  };
  struct Step {
    Arena& arena;
    std::vector<CfgThread>& out;
  };
  enum class Answer : uint8_t { kUnknown, kDead, kEnds, kGoesOn, kEndsOrGoesOn };

  CfgMachine(Cfg cfg, CfgNetworks networks);
  static size_t DocumentThreads(std::span<const CfgThread> threads);
  void StepJson(std::span<const CfgThread> threads, uint8_t byte, std::string_view text, Step& step);
  const CfgEdge* EdgesOf(const CfgFrame* frame);
  void Enter(int32_t state, const CfgFrame* frame);
  void Close(Step& step);
  void Call(int32_t network, int32_t to, const CfgFrame* from, Step& step);
  void AddEdge(CfgFrame& frame, int32_t to, const CfgFrame* outer, Step& step);
  void AddTail(CfgFrame& frame, const CfgFrame* outer, Step& step);
  void AddThread(LanguageId language, int32_t to, const CfgFrame* frame, Step& step);
  // What is known of a language once it was met.
  struct Terminal {
    Answer answer = Answer::kUnknown;
    ByteSet next;
  };
  const Terminal& Look(LanguageId language);
  void MakeStart();
  // True the first time in a step.
  bool Meet(uint64_t what, const void* frame, const void* other);
  void GrowMet();

  Cfg cfg_;
  CfgNetworks networks_;
  std::deque<Terminal> terminals_;  // by language
  Arena start_arena_;
  std::vector<CfgThread> start_;
  uint64_t step_ = 0;
  uint64_t start_steps_ = 0;  // that made start_
  uint64_t noted_steps_ = 0;  // frames of later ones are not noted; 0: none is
  std::vector<const CfgFrame*> noted_;
  std::vector<CfgFrame*> frames_;  // by network, of the step in frame_steps_
  std::vector<uint64_t> frame_steps_;
  std::vector<Place> open_;
  std::vector<const CfgFrame*> tails_;
  std::vector<Met> met_;  // open addressing
  size_t num_met_ = 0;
  JsonThreads json_before_, json_;  // of one step
};

}  // namespace atelier
