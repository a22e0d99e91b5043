// Conversations of many sessions with questions about them, in LOCOMO's layout [Maharana et al., arXiv:2402.17753]: a
// file is one sample or a list of them,
//   {"sample_id"?, "conversation": {"session_1_date_time": "1:56 pm on 8 May, 2023",
//                                   "session_1": [{"speaker", "dia_id", "text", "blip_caption"?}, ...], ...},
//    "qa": [{"question", "evidence": ["D1:3", ...], "category": 1 to 5, "answer"?}, ...]}
// or, as it was published at first, with the sessions beside "qa".
// Evidence is read as people have written it: "D8:6; D9:17", "D:11:26", "D30:05". What still names no turn is counted,
// and a question that is left without evidence is left out and counted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/memory/memory_turn.h"
#include "base/io/files.h"
#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

inline constexpr int kNumMemoryCategories = 5;
inline constexpr int kAdversarial = 5;
// "multi-hop", "temporal", "open-domain", "single-hop", "adversarial" of 1 to 5; else "other".
std::string_view MemoryCategoryName(int category);

struct MemoryQuestion {
  std::string text, answer;
  int category = 0;                   // 1 to 5; 0: none of these
  std::vector<std::string> evidence;  // references of turns that there are, each once
};

struct MemorySession {
  std::string name;               // "session_3"
  std::vector<MemoryTurn> turns;  // reference: dia_id; said_ms: the session's
};

struct MemorySample {
  std::string id;
  std::vector<MemorySession> sessions;  // by number
  std::vector<MemoryQuestion> questions;
  int64_t num_turns() const;
};

struct MemorySet {
  std::vector<MemorySample> samples;
  int64_t num_left_out = 0;       // questions without a turn that answers them
  int64_t num_unknown = 0;        // pieces of evidence that name no turn
  int64_t num_without_time = 0;   // sessions whose time is missing or not understood
  int64_t num_without_words = 0;  // turns that say nothing
};

// Errors name the sample and what is wrong with it: no conversation, no turns, a question that is no text.
Result<MemorySet> ReadMemorySet(const Json& json);
// Errors name the file.
Result<MemorySet> LoadMemorySet(Files& files, const std::string& path);

// "1:56 pm on 8 May, 2023" in milliseconds since 1970, as if of UTC; 0: not understood.
int64_t SessionTimeMs(std::string_view text);

}  // namespace atelier
