// What a stranger's WebDAV server says is in a folder. Every name that is read is one name within that folder.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "agent/tools/webdav_listing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto entries = ReadWebDavListing("a b", "http://drive.example/dav/a%20b/", body);
  if (!entries.ok()) return 0;
  CHECK(entries->size() <= kMaxDriveEntries);
  for (const DriveEntry& entry : *entries) {
    CHECK(entry.bytes >= 0);
    CHECK(entry.name.find('/') == std::string::npos && entry.name.find('\0') == std::string::npos);
    CHECK(DrivePath(entry.name).ok());
  }
  return 0;
}
