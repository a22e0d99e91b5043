#include "knowledge/load/docx_styles.h"

#include <algorithm>
#include <charconv>

#include "base/text/unicode.h"
#include "knowledge/load/office_package.h"

namespace atelier {
namespace {

constexpr int kMaxBasedOn = 20;

int NumberOf(std::string_view text, int otherwise) {
  int value = 0;
  return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc() ? value : otherwise;
}

}  // namespace

DocxStyles::DocxStyles(const pugi::xml_node& styles, const pugi::xml_node& numbering) {
  for (const pugi::xml_node& node : styles) {
    if (LocalName(node) == "style") styles_.emplace(Attribute(node, "styleId"), node);
  }
  for (const pugi::xml_node& node : numbering) {
    if (LocalName(node) == "num") {
      abstract_of_num_[std::string(Attribute(node, "numId"))] = Attribute(Child(node, "abstractNumId"), "val");
    }
    if (LocalName(node) != "abstractNum") continue;
    for (const pugi::xml_node& level : node) {
      if (LocalName(level) != "lvl") continue;
      const std::string_view format = Attribute(Child(level, "numFmt"), "val");
      is_bullet_[{std::string(Attribute(node, "abstractNumId")), NumberOf(Attribute(level, "ilvl"), 0)}] =
          format == "bullet" || format == "none";
    }
  }
}

DocxParagraphStyle DocxStyles::Of(const pugi::xml_node& paragraph) const {
  const pugi::xml_node properties = Child(paragraph, "pPr");
  DocxParagraphStyle style = StyleOf(std::string(Attribute(Child(properties, "pStyle"), "val")), 0);
  ApplyProperties(properties, style);
  return style;
}

DocxParagraphStyle DocxStyles::StyleOf(const std::string& style_id, int depth) const {
  const auto found = styles_.find(style_id);
  if (found == styles_.end() || depth > kMaxBasedOn) return {};
  const pugi::xml_node& node = found->second;
  DocxParagraphStyle style = StyleOf(std::string(Attribute(Child(node, "basedOn"), "val")), depth + 1);
  const std::string name = LowerCase(Attribute(Child(node, "name"), "val"));
  if (name.starts_with("heading ")) style.heading_level = std::clamp(NumberOf(name.substr(8), 0), 0, 9);
  style.title |= name == "title";
  style.caption |= name == "caption";
  style.code |= name.find("code") != std::string::npos || name == "html preformatted" || name == "macro text";
  style.quote |= name == "quote" || name == "intense quote";
  ApplyProperties(Child(node, "pPr"), style);
  return style;
}

void DocxStyles::ApplyProperties(const pugi::xml_node& properties, DocxParagraphStyle& style) const {
  if (const pugi::xml_node level = Child(properties, "outlineLvl")) {
    const int number = NumberOf(Attribute(level, "val"), 9);
    style.heading_level = number < 9 ? number + 1 : 0;
  }
  if (const pugi::xml_node list = Child(properties, "numPr")) {
    if (const pugi::xml_node id = Child(list, "numId")) style.num_id = Attribute(id, "val");
    if (style.num_id == "0") style.num_id.clear();  // takes the list of the style away
    style.list_level = std::clamp(NumberOf(Attribute(Child(list, "ilvl"), "val"), style.list_level), 0, 8);
  }
}

std::string DocxStyles::NextMarker(const DocxParagraphStyle& style) {
  const auto found = abstract_of_num_.find(style.num_id);
  const std::string list = found == abstract_of_num_.end() ? style.num_id : found->second;
  const auto bullet = is_bullet_.find({list, style.list_level});
  if (bullet == is_bullet_.end() || bullet->second) return "- ";
  for (int deeper = style.list_level + 1; deeper <= 8; ++deeper) next_number_.erase({list, deeper});
  return std::to_string(++next_number_[{list, style.list_level}]) + ". ";
}

}  // namespace atelier
