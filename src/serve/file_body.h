// A stored file as OpenAI's clients see it, and what requests say of files to be.
#pragma once

#include <optional>
#include <string>

#include "app/app.h"
#include "app/file_store.h"
#include "base/text/describe.h"
#include "base/text/json.h"

namespace atelier {

struct ExpiresAfter {
  std::string anchor;
  int64_t seconds = 0;
  static Fields Describe();
};

Json FileBody(const StoredFile& file);

// Error: a purpose that no client may give.
Result<void> CheckPurpose(const std::string& purpose);
// Seconds until a file of this purpose expires: as asked, else OpenAI's 30 days for batches; none: never.
std::optional<int64_t> SecondsOfLife(const std::string& purpose, const std::optional<ExpiresAfter>& expires_after);

// NotFound also where access is restricted and the key's user has not sent it (app/access.h). Blocks.
Result<StoredFile> SeenFile(App& app, const std::string& id, const std::string& key);

}  // namespace atelier
