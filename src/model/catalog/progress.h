// How far a pull or an import has come.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace atelier {

enum class PullStage : uint8_t {
  kResolving,    // asking a source what it has
  kDownloading,  // bytes, total and rate are set
  kPackage,      // pip or mvn works; `text` is what it says
  kVerifying,    // hashing what lies there
  kInstalling,   // moving it to its place
  kNote,         // `text` tells something, e.g. why a source was passed over
};

struct PullProgress {
  PullStage stage = PullStage::kResolving;
  std::string source = {};      // ModelSource::Text()
  std::string file = {};        // under way; may be empty
  std::string text = {};        // for people
  int64_t bytes = 0;            // of the file, had so far (what was resumed included)
  int64_t total_bytes = 0;      // of the file; 0: unknown
  double bytes_per_second = 0;  // over the last seconds; 0: unknown
  double seconds_left = -1;     // -1: unknown
};

// Called from the thread that pulls: at each change of stage, and about ten times a second while bytes come.
using PullProgressFunction = std::function<void(const PullProgress&)>;

}  // namespace atelier
