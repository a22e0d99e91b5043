#include "serve/file_body.h"

#include <algorithm>
#include <array>

#include "app/access.h"

namespace atelier {
namespace {

constexpr int64_t kMonth = 30 * 24 * 3600;
constexpr std::array<std::string_view, 6> kPurposes = {"assistants", "batch",     "evals",
                                                       "fine-tune",  "user_data", "vision"};

}  // namespace

Fields ExpiresAfter::Describe() {
  static constexpr Field fields[] = {
      Key<&ExpiresAfter::anchor>("anchor", "from when on").OneOf("created_at").Required(),
      Key<&ExpiresAfter::seconds>("seconds", "an hour to 30 days").Between(3600, kMonth).Required(),
  };
  return fields;
}

Json FileBody(const StoredFile& file) {
  return Json::Object({{"id", file.id},
                       {"object", "file"},
                       {"bytes", file.num_bytes},
                       {"created_at", file.created_unix},
                       {"expires_at", file.expires_unix},
                       {"filename", file.filename},
                       {"purpose", file.purpose},
                       {"status", "processed"},
                       {"status_details", nullptr}});
}

Result<void> CheckPurpose(const std::string& purpose) {
  if (std::ranges::find(kPurposes, purpose) != kPurposes.end()) return {};
  std::string names;
  for (const std::string_view name : kPurposes) names += (names.empty() ? "" : ", ") + std::string(name);
  return Error::Invalid("purpose", "got '" + purpose.substr(0, 64) + "', want one of " + names);
}

std::optional<int64_t> SecondsOfLife(const std::string& purpose, const std::optional<ExpiresAfter>& expires_after) {
  if (expires_after) return expires_after->seconds;
  return purpose == "batch" ? std::optional<int64_t>(kMonth) : std::nullopt;
}

Result<StoredFile> SeenFile(App& app, const std::string& id, const std::string& key) {
  TRY(StoredFile file, app.files().Get(id));
  if (!app.access()->Owns(key, file.owner)) return NoSuchFile(id);
  return file;
}

}  // namespace atelier
