#include "agent/memory/work_done.h"

#include <utility>

namespace atelier {
namespace {

constexpr size_t kMostPhases = 6;  // calls of one tool after the other

}  // namespace

std::string InWords(const WorkDone& work) {
  std::vector<std::pair<std::string, int>> phases;
  for (const std::string& tool : work.worked) {
    if (phases.empty() || phases.back().first != tool) phases.emplace_back(tool, 0);
    ++phases.back().second;
  }
  if (phases.size() > kMostPhases) return {};
  std::string words;
  for (const auto& [tool, times] : phases) {
    words += (words.empty() ? "" : ", then ") + tool;
    if (times > 1) words += " (" + std::to_string(times) + " times)";
  }
  return words;
}

}  // namespace atelier
