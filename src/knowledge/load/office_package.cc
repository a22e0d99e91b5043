#include "knowledge/load/office_package.h"

#include <algorithm>
#include <vector>

#include "base/io/files.h"
#include "base/text/unicode.h"
#include "knowledge/load/archive_reader.h"

namespace atelier {
namespace {

constexpr size_t kMaxXmlBytes = 64 << 20;  // a part; its tree takes some ten times as much
constexpr int kMaxDepth = 200;             // of elements; largest seen: 40

// What is read by recursion elsewhere must not be deep.
bool IsTooDeep(const pugi::xml_document& tree) {
  int depth = 0;
  for (pugi::xml_node node = tree.first_child(); node;) {
    if (const pugi::xml_node child = node.first_child()) {
      if (++depth > kMaxDepth) return true;
      node = child;
      continue;
    }
    while (node && !node.next_sibling()) {
      node = node.parent();
      --depth;
    }
    if (node) node = node.next_sibling();
  }
  return false;
}

}  // namespace

Result<OfficePackage> OfficePackage::Open(const Source& source, LoadContext& context,
                                          std::initializer_list<std::string_view> endings) {
  OfficePackage package;
  ArchiveVisitor visitor;
  visitor.wants = [&](std::string_view name) {
    const std::string lower = LowerCase(name);
    return std::ranges::any_of(endings, [&](std::string_view ending) { return lower.ends_with(ending); });
  };
  visitor.take = [&](std::string name, std::string bytes) -> Result<void> {
    package.parts_.insert_or_assign(std::move(name), std::move(bytes));
    return {};
  };
  TRY_VOID(ReadArchiveMembers(source.id, source.bytes, ArchiveForms::kZip, context, visitor));
  return package;
}

const std::string* OfficePackage::Find(const std::string& name) const {
  const auto found = parts_.find(name);
  return found == parts_.end() ? nullptr : &found->second;
}

Result<std::unique_ptr<pugi::xml_document>> OfficePackage::Xml(const std::string& name) const {
  const std::string* text = Find(name);
  if (text == nullptr) return Error::Invalid(name, "the file has no such part");
  auto tree = ParseXml(*text);
  if (!tree.ok()) return std::move(tree).error().Under(name);
  return tree;
}

Result<std::unique_ptr<pugi::xml_document>> OfficePackage::XmlIfPresent(const std::string& name) const {
  if (Find(name) == nullptr) return std::make_unique<pugi::xml_document>();
  return Xml(name);
}

std::map<std::string, OfficePackage::Relation> OfficePackage::RelationsOf(const std::string& part) const {
  const std::string folder = part.empty() || FolderOf(part) == "." ? std::string() : FolderOf(part) + "/";
  std::map<std::string, Relation> relations;
  const auto tree = XmlIfPresent(folder + "_rels/" + std::string(NameOf(part)) + ".rels");
  if (!tree.ok()) return relations;
  for (const pugi::xml_node& node : (*tree)->document_element()) {
    if (LocalName(node) != "Relationship") continue;
    const std::string_view type = Attribute(node, "Type");
    Relation relation{std::string(NameOf(type)), {}};
    if (Attribute(node, "TargetMode") != "External") relation.target = ResolvePart(part, Attribute(node, "Target"));
    relations.emplace(Attribute(node, "Id"), std::move(relation));
  }
  return relations;
}

std::string OfficePackage::MainPart(const std::string& otherwise) const {
  for (const auto& [id, relation] : RelationsOf("")) {
    if (relation.type == "officeDocument" && Find(relation.target) != nullptr) return relation.target;
  }
  return otherwise;
}

void OfficePackage::ReadCoreProperties(Document& document) const {
  if (document.attributes.is_null()) document.attributes = Json::Object();
  const auto tree = XmlIfPresent("docProps/core.xml");
  if (!tree.ok()) return;
  for (const pugi::xml_node& node : (*tree)->document_element()) {
    const std::string text(Trim(node.text().get()));
    const std::string_view name = LocalName(node);
    if (text.empty()) continue;
    if (name == "title" && document.title.empty()) document.title = text;
    if (name == "creator") document.attributes.Set("author", text);
    if (name == "created") document.attributes.Set("date", text);
  }
}

std::string_view LocalName(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') + 1);
}

std::string_view Attribute(const pugi::xml_node& node, std::string_view local_name) {
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    const std::string_view name = attribute.name();
    if (name.substr(name.find(':') + 1) == local_name) return attribute.value();
  }
  return {};
}

pugi::xml_node Child(const pugi::xml_node& node, std::string_view local_name) {
  for (const pugi::xml_node& child : node) {
    if (LocalName(child) == local_name) return child;
  }
  return {};
}

pugi::xml_node Descend(pugi::xml_node node, std::initializer_list<std::string_view> local_names) {
  for (const std::string_view name : local_names) node = Child(node, name);
  return node;
}

std::string ResolvePart(std::string_view from_part, std::string_view target) {
  std::vector<std::string_view> parts;
  const auto add = [&](std::string_view path) {
    while (!path.empty()) {
      const size_t slash = std::min(path.find('/'), path.size());
      const std::string_view part = path.substr(0, slash);
      if (part == "..") {
        if (!parts.empty()) parts.pop_back();
      } else if (!part.empty() && part != ".") {
        parts.push_back(part);
      }
      path.remove_prefix(std::min(slash + 1, path.size()));
    }
  };
  if (!target.starts_with('/')) {
    const size_t slash = from_part.rfind('/');
    if (slash != std::string_view::npos) add(from_part.substr(0, slash));
  }
  add(target);
  std::string joined;
  for (const std::string_view part : parts) joined.append(joined.empty() ? "" : "/").append(part);
  return joined;
}

Result<std::unique_ptr<pugi::xml_document>> ParseXml(std::string_view text) {
  if (text.size() > kMaxXmlBytes) {
    return Error::TooLarge(
        {}, "got " + std::to_string(text.size()) + " bytes of XML, want at most " + std::to_string(kMaxXmlBytes));
  }
  auto tree = std::make_unique<pugi::xml_document>();
  const auto parsed = tree->load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
  if (!parsed) {
    return Error::Invalid(
        {}, std::string("got no XML: ") + parsed.description() + " at byte " + std::to_string(parsed.offset));
  }
  if (IsTooDeep(*tree)) return Error::Invalid({}, "elements nest more than " + std::to_string(kMaxDepth) + " deep");
  return tree;
}

}  // namespace atelier
