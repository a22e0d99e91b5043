// The way to the end of a grammar's text: from where some threads stand, a shortest text that completes it.
//
//   of a state     the fewest bytes from it to the end of its rule, by relaxing until nothing changes: a move costs
//   what
//                  it reads (a terminal's shortest text, a rule's, about what a document needs), then what follows
//   of a frame     the fewest bytes from the end of its rule to the end of the text, over all that waits for it
//   of a thread    the shortest rest of its terminal or document, then the state behind it, then its frame
//
// Documents are completed piece by piece (json_closing.h), everything between them at once. What documents need is
// estimated, so beside them the way may not be the shortest; it ends all the same, as each piece brings the end nearer.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/grammar/cfg_machine.h"
#include "engine/grammar/json_closing.h"

namespace atelier {

class CfgClosing {
 public:
  // The machine outlives it.
  explicit CfgClosing(CfgMachine& machine);

  // The bytes to write next; empty: the text may end here, or no way is known. Asked again after they were read.
  //   text  what `threads` have read
  std::string Next(std::span<const CfgThread> threads, std::string_view text);

 private:
  struct FromState {
    int64_t bytes = 0;
    int32_t move = -1;  // that comes next; -1: the rule ends here
  };
  struct FromFrame {
    int64_t bytes = 0;
    const CfgEdge* edge = nullptr;  // that it returns by
  };

  void MeasureStates();
  int64_t BytesOf(const CfgMove& move);
  int64_t ShortestOf(LanguageId language);
  void MeasureFrames(std::span<const CfgThread> threads);
  bool Relax(const CfgFrame* frame);
  int64_t BytesLeft(const CfgThread& thread, std::string_view text);
  int64_t BytesFrom(int32_t state) const { return states_[static_cast<size_t>(state)].bytes; }
  int64_t BytesBehind(const CfgFrame* frame) const { return frame == nullptr ? 0 : frames_.at(frame).bytes; }
  // Appends what leads from a state to the end of its rule. False: it stops before a document.
  bool Write(int32_t state, std::string& out);
  std::string RestOfDocument(const CfgThread& best, std::span<const CfgThread> threads, std::string_view text);

  CfgMachine* machine_;
  std::deque<JsonClosing> documents_;
  std::vector<FromState> states_;  // once they are measured
  std::unordered_map<LanguageId, int64_t> shortest_;
  std::unordered_map<const CfgFrame*, FromFrame> frames_;  // of the threads asked about
  std::vector<const CfgFrame*> order_;                     // of these, outer ones first where there is no circle
};

}  // namespace atelier
