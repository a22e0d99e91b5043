// A Hugging Face hub, or a mirror of one: which files a repository has, with sizes and hashes.
//
//   GET BASE/api/models/REPO/revision/REVISION?blobs=true
//     {"sha": COMMIT, "siblings": [{"rfilename", "size", "blobId", "lfs": {"sha256", "size"}}], "cardData":
//     {"license"}}
//   GET BASE/REPO/resolve/COMMIT/FILE      the bytes, often by a redirect to storage elsewhere
//
// Large files carry their SHA-256; small ones the id that git gives their content.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/net/http_client.h"
#include "base/result.h"

namespace atelier {

struct HubFile {
  std::string name;
  int64_t size = 0;         // bytes
  std::string sha256;       // empty for small files
  std::string git_blob_id;  // of small files
};

struct HubRepository {
  std::string commit;
  std::string licence;  // as its card says; may be empty
  std::vector<HubFile> files;

  const HubFile* Find(std::string_view name) const;
};

struct HubOptions {
  std::string base_url = "https://huggingface.co";
  std::string token = {};  // sent to the hub alone, never where it redirects
  std::chrono::milliseconds connect_timeout{5'000};
};

class Hub {
 public:
  Hub(HttpClient& http, HubOptions options);

  // Errors: kNotFound, kDenied (naming HF_TOKEN), kUnavailable, kTimeout, kInvalid (an answer of another shape).
  Result<HubRepository> List(const std::string& repository, const std::string& revision, std::stop_token stop);
  std::string UrlOf(const std::string& repository, const std::string& commit, const std::string& file) const;
  HttpHeaders Headers() const;
  const HubOptions& options() const { return options_; }

 private:
  HttpClient& http_;
  HubOptions options_;
};

// What a model needs of a repository: the safetensors of the top folder (one file, or the shards), configuration,
// tokenizer and pooling. Where there are no safetensors but one GGUF file, that.
// Errors: kUnsupported where there is neither, kConflict (naming them) where there are several GGUF files.
Result<std::vector<HubFile>> SelectHubFiles(const HubRepository& repository);

}  // namespace atelier
