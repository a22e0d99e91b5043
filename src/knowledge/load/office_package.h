// The parts of an office file (OPC: a zip of XML parts that refer to each other) and of an EPUB.   [ECMA-376 part 2]
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "knowledge/load/load_context.h"
#include "record/document.h"

namespace atelier {

class OfficePackage {
 public:
  // Unpacks the parts whose names end with one of `endings`. Errors: as ReadArchiveMembers.
  static Result<OfficePackage> Open(const Source& source, LoadContext& context,
                                    std::initializer_list<std::string_view> endings = {".xml", ".rels"});

  // The text of a part, or null.
  const std::string* Find(const std::string& name) const;
  // The part as a tree. Errors: kInvalid: missing, no XML, or nested above 200 deep; kTooLarge.
  Result<std::unique_ptr<pugi::xml_document>> Xml(const std::string& name) const;
  // As Xml; an empty tree where there is no such part.
  Result<std::unique_ptr<pugi::xml_document>> XmlIfPresent(const std::string& name) const;

  struct Relation {
    std::string type;    // the last part of its URI: "slide"
    std::string target;  // a part's name; empty where it lies outside
  };
  // By id, of a part: "ppt/presentation.xml".
  std::map<std::string, Relation> RelationsOf(const std::string& part) const;
  // The main part of the package, as its relations name it; `otherwise` where they do not.
  std::string MainPart(const std::string& otherwise) const;

  // Title, author and date of docProps/core.xml.
  void ReadCoreProperties(Document& document) const;

 private:
  std::map<std::string, std::string> parts_;
};

// "p" of "w:p".
std::string_view LocalName(const pugi::xml_node& node);
// The attribute by its name without prefix: Attribute(node, "val") of w:val.
std::string_view Attribute(const pugi::xml_node& node, std::string_view local_name);
pugi::xml_node Child(const pugi::xml_node& node, std::string_view local_name);
// Child(Child(node, a), b)...
pugi::xml_node Descend(pugi::xml_node node, std::initializer_list<std::string_view> local_names);
// "a/c" of "../c" seen from "a/b/x.xml"; "c" of "/c".
std::string ResolvePart(std::string_view from_part, std::string_view target);
// Parses XML as it stands in memory. Errors: kInvalid, kTooLarge.
Result<std::unique_ptr<pugi::xml_document>> ParseXml(std::string_view text);

}  // namespace atelier
