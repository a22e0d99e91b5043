#include "agent/tools/search_results.h"

#include <pugixml.hpp>

#include "base/net/http.h"
#include "base/text/unicode.h"

namespace atelier {
namespace {

constexpr size_t kMaxItems = 1'000;  // of a list; engines give some tens

std::string TextOf(const Json& object, const char* key) {
  const Json* value = object.Find(key);
  return value != nullptr && value->is_string() ? value->AsString() : std::string();
}

std::vector<std::string> Texts(const Json& list, const char* key_of_objects) {
  std::vector<std::string> texts;
  if (!list.is_array()) return texts;
  for (const Json& item : list.items()) {
    std::string text = item.is_string() ? item.AsString() : TextOf(item, key_of_objects);
    if (!text.empty() && texts.size() < kMaxItems) texts.push_back(std::move(text));
  }
  return texts;
}

// The element's name without its namespace's prefix.
std::string_view LocalName(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.rfind(':') + 1);
}

std::string Child(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_node& child : node.children()) {
    if (LocalName(child) == name) return std::string(Trim(child.text().get()));
  }
  return {};
}

// Of an Atom entry: the first link that is the entry itself.
std::string Link(const pugi::xml_node& entry) {
  for (const pugi::xml_node& child : entry.children()) {
    if (LocalName(child) != "link") continue;
    const std::string_view relation = child.attribute("rel").value();
    if (relation.empty() || relation == "alternate") return child.attribute("href").value();
  }
  return {};
}

// Texts of feeds may be HTML: without its tags.
std::string WithoutTags(std::string_view text) {
  std::string plain;
  bool in_tag = false;
  for (const char c : text) {
    if (c == '<') in_tag = true;
    if (!in_tag) plain += c;
    if (c == '>' && in_tag) in_tag = false, plain += ' ';
  }
  return std::string(Trim(plain));
}

SearchResult ItemOf(const pugi::xml_node& node, bool atom) {
  SearchResult result;
  result.title = WithoutTags(Child(node, "title"));
  result.url = atom ? Link(node) : Child(node, "link");
  result.text = WithoutTags(Child(node, atom ? "summary" : "description"));
  if (result.text.empty() && atom) result.text = WithoutTags(Child(node, "content"));
  result.date = Child(node, atom ? "updated" : "pubDate");
  return result;
}

Result<std::string> ValueOf(std::string_view name, bool optional, const SearchTerms& terms) {
  if (name == "searchTerms") return PercentEncode(terms.query);
  if (name == "count") return std::to_string(terms.count);
  if (name == "startIndex") return std::to_string((terms.page - 1) * terms.count + 1);
  if (name == "startPage") return std::to_string(terms.page);
  if (name == "language") return terms.language.empty() ? std::string("*") : PercentEncode(terms.language);
  if (name == "inputEncoding" || name == "outputEncoding") return std::string("UTF-8");
  if (optional) return std::string();
  return Error::Invalid("", "got {" + std::string(name.substr(0, 60)) + "}, want only parameters of OpenSearch 1.1");
}

}  // namespace

Result<SearchResults> ReadSearxng(const Json& json) {
  const Json& list = json["results"];
  if (!list.is_array()) {
    return Error::Invalid("results",
                          "got " + std::string(list.TypeName()) + ", want an array, as SearXNG's JSON has it");
  }
  SearchResults found;
  for (const Json& item : list.items()) {
    SearchResult result{TextOf(item, "title"), TextOf(item, "url"), TextOf(item, "content"),
                        TextOf(item, "publishedDate")};
    if (!result.url.empty() && found.results.size() < kMaxItems) found.results.push_back(std::move(result));
  }
  found.answers = Texts(json["answers"], "answer");
  found.suggestions = Texts(json["suggestions"], "title");
  const Json& silent = json["unresponsive_engines"];
  for (int64_t i = 0; silent.is_array() && i < silent.size() && found.silent.size() < kMaxItems; ++i) {
    const Json& pair = silent[i];
    if (pair.size() != 2 || !pair.is_array() || !pair[0].is_string() || !pair[1].is_string()) continue;
    found.silent.push_back(pair[0].AsString() + " (" + pair[1].AsString() + ")");
  }
  return found;
}

Result<SearchResults> ReadFeed(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(xml.data(), xml.size());
  if (!parsed) return Error::Invalid("feed", "got no XML: " + std::string(parsed.description()));
  const pugi::xml_node root = document.document_element();
  const bool atom = LocalName(root) == "feed";
  if (!atom && LocalName(root) != "rss") {
    return Error::Invalid("feed", "got <" + std::string(root.name()).substr(0, 60) + ">, want <rss> or <feed>");
  }
  SearchResults found;
  const pugi::xml_node list = atom ? root : root.child("channel");
  for (const pugi::xml_node& node : list.children()) {
    if (LocalName(node) != (atom ? "entry" : "item")) continue;
    SearchResult result = ItemOf(node, atom);
    if (!result.url.empty() && found.results.size() < kMaxItems) found.results.push_back(std::move(result));
  }
  return found;
}

Result<std::string> FillSearchTemplate(std::string_view pattern, const SearchTerms& terms) {
  std::string filled;
  for (size_t at = 0; at < pattern.size();) {
    const size_t open = std::min(pattern.find('{', at), pattern.size());
    filled += pattern.substr(at, open - at);
    if (open == pattern.size()) break;
    const size_t close = pattern.find('}', open);
    if (close == std::string_view::npos) return Error::Invalid("", "got '{' without '}'");
    std::string_view name = pattern.substr(open + 1, close - open - 1);
    const bool optional = name.ends_with('?');
    if (optional) name.remove_suffix(1);
    TRY(const std::string value, ValueOf(name, optional, terms));
    filled += value;
    at = close + 1;
  }
  return filled;
}

}  // namespace atelier
