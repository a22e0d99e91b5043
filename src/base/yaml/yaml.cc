#include "base/yaml/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <string>

namespace atelier {
namespace {

constexpr int kMaxDepth = 64;

Json ScalarOf(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (Result<Json> number = Json::Parse(text); number.ok() && number->is_number()) return std::move(*number);
  return text;
}

std::string PathOf(const std::string& outer, const std::string& key) { return outer.empty() ? key : outer + "." + key; }

class Converter {
 public:
  explicit Converter(int max_values) : num_left_(max_values) {}

  Result<Json> Convert(const YAML::Node& node, const std::string& path, int depth) {
    const int line = node.Mark().line + 1;
    if (--num_left_ < 0 || depth > kMaxDepth) {
      return Error::Invalid("line " + std::to_string(line), "got too many or too deep values");
    }
    lines.emplace(path, line);
    if (node.IsSequence()) {
      Json array = Json::Array();
      for (const YAML::Node& item : node) {
        TRY(Json value, Convert(item, path + "[" + std::to_string(array.size()) + "]", depth + 1));
        array.Push(std::move(value));
      }
      return array;
    }
    if (node.IsMap()) {
      Json object = Json::Object();
      for (const auto& pair : node) {
        const int key_line = pair.first.Mark().line + 1;
        if (!pair.first.IsScalar()) {
          return Error::Invalid("line " + std::to_string(key_line), "got a key that is no text");
        }
        const std::string key = pair.first.Scalar();
        TRY(Json value, Convert(pair.second, PathOf(path, key), depth + 1));
        lines[PathOf(path, key)] = key_line;
        if (!object.Add(key, std::move(value))) {
          return Error::Invalid("line " + std::to_string(key_line), "got the key '" + key + "' twice");
        }
      }
      return object;
    }
    return node.IsScalar() ? ScalarOf(node) : Json();
  }

  std::map<std::string, int> lines;

 private:
  int num_left_;
};

}  // namespace

Result<YamlDocument> ParseYaml(std::string_view text, int max_values) {
  YAML::Node root;
  try {
    root = YAML::Load(std::string(text));
  } catch (const YAML::Exception& fault) {
    return Error::Invalid(
        "line " + std::to_string(fault.mark.line + 1) + ", column " + std::to_string(fault.mark.column + 1), fault.msg);
  }
  Converter converter(max_values);
  TRY(Json json, converter.Convert(root, "", 0));
  return YamlDocument{std::move(json), std::move(converter.lines)};
}

}  // namespace atelier
