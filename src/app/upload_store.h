// Uploads in parts (tables upload, upload_part): parts are files of purpose "upload_part", which expire with the
// upload, and are joined into one file when it is completed.
// A pending upload expires an hour after it was made. Thread-safe; blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/file_store.h"

namespace atelier {

struct StoredUpload {
  std::string id;
  std::string filename, purpose, mime_type;
  int64_t num_bytes = 0;  // intended
  int64_t created_unix = 0, expires_unix = 0;
  std::optional<int64_t> file_expires_after;  // seconds
  std::string status;                         // pending, completed, cancelled, expired
  std::string file_id;                        // of a completed one
};

struct UploadPart {
  std::string id, upload_id;
  int64_t created_unix = 0;
};

class UploadStore {
 public:
  static constexpr int64_t kMaxPartBytes = 64 << 20;  // as OpenAI
  static constexpr int64_t kMaxParts = 10'000;

  // Both must outlive the store.
  static Result<std::unique_ptr<UploadStore>> Open(Database& database, FileStore& files);

  // `about` says name, purpose, type, size and file_expires_after.
  Result<StoredUpload> Create(StoredUpload about);
  Result<StoredUpload> Get(const std::string& id);
  Result<UploadPart> AddPart(const std::string& upload_id, std::unique_ptr<IncomingFile> incoming);
  // Joins the parts in the given order, to a file of `owner`. Invalid: unknown parts, another size than intended,
  // another md5.
  Result<StoredUpload> Complete(const std::string& id, const std::vector<std::string>& part_ids, const std::string& md5,
                                const std::string& owner);
  Result<StoredUpload> Cancel(const std::string& id);

 private:
  UploadStore(Database& database, FileStore& files) : database_(database), files_(files) {}
  Result<StoredUpload> GetPending(const std::string& id);
  Result<StoredFile> Join(const StoredUpload& upload, const std::vector<std::string>& file_ids, const std::string& md5,
                          const std::string& owner);
  // The files of an upload's parts, by part id.
  Result<std::vector<std::pair<std::string, std::string>>> Parts(const std::string& upload_id);
  // Ends a pending upload and removes its parts.
  Result<void> Finish(const std::string& id, std::string_view status, const std::string& file_id);

  Database& database_;
  FileStore& files_;
};

}  // namespace atelier
