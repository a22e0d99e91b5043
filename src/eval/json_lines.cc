#include "eval/json_lines.h"

#include <algorithm>

namespace atelier {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{16} << 30;

}  // namespace

Result<void> EachLine(Files& files, const std::string& path,
                      const std::function<Result<void>(std::string_view)>& read) {
  TRY(const std::string content, ReadWholeFile(files, path, kMaxFileBytes));
  int64_t number = 0;
  for (size_t begin = 0; begin < content.size();) {
    const size_t end = std::min(content.find('\n', begin), content.size());
    std::string_view line(content.data() + begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    begin = end + 1;
    ++number;
    if (line.empty()) continue;
    if (auto done = read(line); !done.ok()) return std::move(done).error().Under(path + ":" + std::to_string(number));
  }
  return {};
}

Result<void> EachJsonLine(Files& files, const std::string& path, const std::function<Result<void>(const Json&)>& read) {
  return EachLine(files, path, [&](std::string_view line) -> Result<void> {
    TRY(const Json json, Json::Parse(line));
    if (!json.is_object()) return Error::Invalid("", "got " + std::string(json.TypeName()) + ", want an object");
    return read(json);
  });
}

Result<std::string> TextMember(const Json& object, const char* key) {
  const Json& value = object[key];
  if (!value.is_string()) return Error::Invalid(key, "got " + std::string(value.TypeName()) + ", want a text");
  return value.AsString();
}

}  // namespace atelier
