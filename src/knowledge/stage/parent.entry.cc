// What was found is read with the section that it stands in: small chunks are found better, large ones read better.
#include <algorithm>
#include <utility>

#include "base/text/unicode.h"
#include "knowledge/stage/stage.h"
#include "knowledge/stage/widen.h"

namespace atelier {
namespace {

// The begins of paragraphs; those of a heading in Markdown's way (#) are borders of sections.
struct Border {
  int64_t at = 0;
  bool is_section = false;
};
std::vector<Border> BordersOf(std::string_view text) {
  std::vector<Border> borders;
  bool after_blank = true;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    const bool blank = line.find_first_not_of(" \t\r") == std::string_view::npos;
    const bool is_section = line.starts_with('#');
    if (!blank && (after_blank || is_section)) borders.push_back({static_cast<int64_t>(begin), is_section});
    after_blank = blank;
    begin = end + 1;
  }
  return borders;
}

// Paragraph by paragraph to both sides, until a heading or the limit.
TextSpan SectionAround(std::string_view text, TextSpan found, int64_t limit) {
  const std::vector<Border> borders = BordersOf(text);
  const auto size = static_cast<int64_t>(text.size());
  auto is_heading = [&borders](int64_t at) {
    return std::ranges::any_of(borders, [at](const Border& one) { return one.is_section && one.at == at; });
  };
  TextSpan section = found;
  for (bool grown = true; grown;) {
    grown = false;
    const auto begin =
        std::find_if(borders.rbegin(), borders.rend(), [&](const Border& one) { return one.at < section.begin; });
    if (begin != borders.rend() && !is_heading(section.begin) && section.end - begin->at <= limit) {
      section.begin = begin->at;
      grown = true;
    }
    const auto border = std::ranges::find_if(borders, [&](const Border& one) { return one.at > section.end; });
    const int64_t end = border == borders.end() ? size : border->at;
    if (end > section.end && !is_heading(section.end) && end - section.begin <= limit) {
      section.end = end;
      grown = true;
    }
  }
  const std::string_view blank_end = TextOf(text, {found.end, section.end});
  section.end = found.end + static_cast<int64_t>(TrimRight(blank_end).size());
  return section;
}

Task<Result<void>> ShowParents(Call /*call*/, StageConfig config, StageTools tools, StageState& state) {
  const int64_t limit = config.limit;
  WidenedSpan section = [limit](std::string_view text, TextSpan found) { return SectionAround(text, found, limit); };
  auto widening = WidenOnPool(std::move(tools), limit, std::move(section), state);
  co_return co_await widening;
}

}  // namespace

extern const StageEntry stage_parent{"parent", "shows each passage with the section that it stands in",
                                     StagePlace::kPassages, ShowParents, 2};

}  // namespace atelier
