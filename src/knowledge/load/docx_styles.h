// What the styles and numbering of a Word file say of its paragraphs.   [ECMA-376 part 1, 17.7 and 17.9]
#pragma once

#include <map>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace atelier {

struct DocxParagraphStyle {
  int heading_level = 0;  // 0: none
  bool title = false;
  bool caption = false;
  bool code = false;
  bool quote = false;
  std::string num_id = {};  // of a list; empty: none
  int list_level = 0;
};

class DocxStyles {
 public:
  DocxStyles(const pugi::xml_node& styles, const pugi::xml_node& numbering);

  // The style of a w:p, its own properties included.
  DocxParagraphStyle Of(const pugi::xml_node& paragraph) const;
  // "- ", or the next number of its list: "3. ". Counts.
  std::string NextMarker(const DocxParagraphStyle& style);

 private:
  DocxParagraphStyle StyleOf(const std::string& style_id, int depth) const;
  void ApplyProperties(const pugi::xml_node& properties, DocxParagraphStyle& style) const;

  std::map<std::string, pugi::xml_node> styles_;            // by id
  std::map<std::string, std::string> abstract_of_num_;      // numbering id -> abstract id
  std::map<std::pair<std::string, int>, bool> is_bullet_;   // (abstract id, level)
  std::map<std::pair<std::string, int>, int> next_number_;  // (abstract id, level) -> last number given
};

}  // namespace atelier
