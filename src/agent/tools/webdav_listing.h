// What a WebDAV server says is in a folder.   [RFC 4918, section 13]
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/tools/drive_store.h"

namespace atelier {

// `body` answers a PROPFIND of depth 1 at `url`; `path` is for errors. Entries that lie elsewhere, or whose names lead
// elsewhere, are left out. Errors: kInvalid, no multistatus.
Result<std::vector<DriveEntry>> ReadWebDavListing(const std::string& path, const std::string& url,
                                                  std::string_view body);

}  // namespace atelier
