#include <algorithm>

#include "knowledge/chunk/chunker.h"
#include "knowledge/chunk/measure.h"

namespace atelier {
namespace {

// How far into a chunk its own headings are looked for.
constexpr int64_t kOwnHeadingBytes = 400;

int64_t SizeOf(std::string_view text, const ChunkLimits& limits, const TokenCounter* counter) {
  return Measure(text, limits.unit, counter).Size({0, static_cast<int64_t>(text.size())});
}

std::string Cut(std::string text, int64_t most, const ChunkLimits& limits, const TokenCounter* counter) {
  if (most <= 0 || text.empty()) return {};
  const Measure measure(text, limits.unit, counter);
  const TextSpan all{0, static_cast<int64_t>(text.size())};
  if (measure.Fits(all, most)) return text;
  const int64_t end = measure.Reach(all, most);
  text.resize(static_cast<size_t>(measure.Fits({0, end}, most) ? end : 0));
  return text;
}

std::string Joined(const std::vector<std::string_view>& parts) {
  std::string text;
  for (const std::string_view part : parts) text += (text.empty() ? "" : " > ") + std::string(part);
  return text + "\n";
}

}  // namespace

std::string EmbeddedText(const Document& document, const Chunk& chunk, const ChunkLimits& limits,
                         const TokenCounter* counter) {
  const std::string_view text = chunk.sums_up ? chunk.context : TextOf(document.text, chunk.span);
  const std::string_view beginning = text.substr(0, static_cast<size_t>(kOwnHeadingBytes));
  std::vector<std::string_view> parts;
  if (!document.title.empty()) parts.push_back(document.title);
  for (const std::string& heading : chunk.heading_path) {
    if (heading.empty() || (!parts.empty() && parts.back() == heading)) continue;
    parts.push_back(heading);
  }
  while (!parts.empty() && beginning.contains(parts.back())) parts.pop_back();
  // Too much: the innermost headings say most.
  while (parts.size() > 1 && SizeOf(Joined(parts), limits, counter) > limits.preface) parts.erase(parts.begin());
  std::string preface;
  if (!parts.empty()) preface = Cut(Joined(parts), limits.preface, limits, counter);
  if (!chunk.context.empty() && !chunk.sums_up) {
    const int64_t left = limits.preface - (preface.empty() ? 0 : SizeOf(preface, limits, counter));
    preface += Cut(chunk.context + "\n", left, limits, counter);
  }
  if (!preface.empty() && preface.back() != '\n') preface += '\n';
  return preface + std::string(text);
}

}  // namespace atelier
