#include "base/yaml/front_matter.h"

#include <algorithm>
#include <utility>

#include "base/text/utf8.h"
#include "base/yaml/yaml.h"

namespace atelier {

Result<FrontMatter> ReadFrontMatter(std::string text) {
  constexpr size_t kMaxBytes = 64 << 10;
  if (!IsValidUtf8(text)) return Error::Invalid("", "got bytes that are no UTF-8, want text");
  std::erase(text, '\r');
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  const size_t end = text.starts_with("---\n") ? text.find("\n---", 3) : std::string::npos;
  const size_t after = end == std::string::npos ? end : std::min(text.find('\n', end + 1), text.size());
  if (end == std::string::npos || text.find_first_not_of(" \t", end + 4) < after) {
    return Error::Invalid("", "want frontmatter between two lines '---' at the beginning");
  }
  if (end > kMaxBytes) return Error::TooLarge("", "the frontmatter is over 65536 bytes");
  TRY(YamlDocument yaml, ParseYaml(text.substr(4, end - 3)));
  return FrontMatter{std::move(yaml.json), text.substr(std::min(after + 1, text.size()))};
}

}  // namespace atelier
