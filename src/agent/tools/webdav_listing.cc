#include "agent/tools/webdav_listing.h"

#include <algorithm>
#include <pugixml.hpp>

#include "base/io/files.h"
#include "base/net/http_client.h"

namespace atelier {
namespace {

std::string_view LocalName(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.rfind(':') + 1);
}

// The first element of that name below `node`, at any depth.
pugi::xml_node Below(const pugi::xml_node& node, std::string_view name) {
  return node.find_node([&](const pugi::xml_node& inner) { return LocalName(inner) == name; });
}

}  // namespace

Result<std::vector<DriveEntry>> ReadWebDavListing(const std::string& path, const std::string& url,
                                                  std::string_view body) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(body.data(), body.size());
  if (!parsed || LocalName(document.document_element()) != "multistatus") {
    return Error::Invalid(path, "got no multistatus of WebDAV");
  }
  TRY(const Url base, Url::Parse(url));
  std::string own = PercentDecode(base.target, false);
  while (own.ends_with('/')) own.pop_back();
  std::vector<DriveEntry> entries;
  for (const pugi::xml_node& response : document.document_element().children()) {
    const Result<Url> place = base.Resolve(Below(response, "href").text().get());
    if (!place || entries.size() >= kMaxDriveEntries) continue;
    std::string target = PercentDecode(place->target, false);
    while (target.ends_with('/')) target.pop_back();
    // Only what lies in the folder itself: a name without '/'.
    if (target.size() <= own.size() + 1 || !target.starts_with(own + "/")) continue;
    const std::string name = target.substr(own.size() + 1);
    if (name.find('/') != std::string::npos || !IsSafeRelativePath(name)) continue;
    const bool is_folder = !Below(Below(response, "resourcetype"), "collection").empty();
    const int64_t bytes = is_folder ? 0 : Below(response, "getcontentlength").text().as_llong();
    entries.push_back({name, is_folder, std::max<int64_t>(bytes, 0)});
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

}  // namespace atelier
