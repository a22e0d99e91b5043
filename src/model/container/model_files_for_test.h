// Where tests find the real models.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace atelier {

// The path of "NAME/FILE" under $ATELIER_HOME/models (~/.atelier/models); empty if it is not there.
inline std::string ModelFile(std::string_view name) {
  const char* atelier_home = std::getenv("ATELIER_HOME");
  const char* home = std::getenv("HOME");
  if (atelier_home == nullptr && home == nullptr) return "";
  const std::filesystem::path root =
      atelier_home != nullptr ? std::filesystem::path(atelier_home) : std::filesystem::path(home) / ".atelier";
  const std::filesystem::path path = root / "models" / name;
  std::error_code error;
  return std::filesystem::exists(path, error) ? path.string() : "";
}

}  // namespace atelier
