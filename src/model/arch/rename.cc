#include "model/arch/rename.h"

#include <cctype>

namespace atelier {
namespace {

// Whether `name` is `pattern`; the digits at its '#' go to `number`.
bool Matches(std::string_view name, std::string_view pattern, std::string_view* number) {
  const size_t mark = pattern.find('#');
  if (mark == std::string_view::npos) return name == pattern;
  if (!name.starts_with(pattern.substr(0, mark))) return false;
  size_t end = mark;
  while (end < name.size() && std::isdigit(static_cast<unsigned char>(name[end]))) ++end;
  *number = name.substr(mark, end - mark);
  return !number->empty() && name.substr(end) == pattern.substr(mark + 1);
}

}  // namespace

std::string Rename(std::string_view name, std::initializer_list<std::string_view> prefixes,
                   std::span<const RenameRule> rules) {
  std::string_view rest = name;
  for (const std::string_view prefix : prefixes) {
    if (!rest.starts_with(prefix)) continue;
    rest.remove_prefix(prefix.size());
    break;
  }
  const size_t dot = rest.rfind('.');
  if (dot == std::string_view::npos) return std::string(name);
  const std::string_view stem = rest.substr(0, dot);
  for (const RenameRule& rule : rules) {
    std::string_view number;
    if (!Matches(stem, rule.from, &number)) continue;
    if (rule.to.empty()) return "";
    std::string to(rule.to);
    if (const size_t mark = to.find('#'); mark != std::string::npos) to.replace(mark, 1, number);
    return to + std::string(rest.substr(dot));
  }
  return std::string(name);
}

}  // namespace atelier
