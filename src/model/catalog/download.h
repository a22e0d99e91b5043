// Brings one file over HTTP to a path, whole and verified, or not at all.
//
// Bytes go to PATH.partial; PATH.partial.json beside it says which content they are part of (the hub's hash) and which
// entity tag the server gave. A later attempt goes on from there with Range and If-Range where both still fit, and
// begins anew otherwise. When all bytes are there, size and hash are checked over what is on the disk, it is synced
// and renamed to PATH. What is cut off is taken up again at once, several times, as long as bytes keep coming;
// what turns out damaged is thrown away and fetched once more.
//
// One process at a time a path. Interrupted at any point (power included), the next call goes on correctly.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/io/files.h"
#include "base/net/http_client.h"
#include "base/result.h"
#include "model/catalog/progress.h"

namespace atelier {

struct DownloadSpec {
  std::string url;
  std::string path;              // where the file shall lie; its folder exists
  std::string content_id = {};   // names the content (a hash, an entity tag): resuming needs the same. Empty: no resume
  int64_t size = 0;              // bytes; 0: unknown
  std::string sha256 = {};       // empty: not known
  std::string git_blob_id = {};  // SHA-1 that git gives the file; empty: not known
  HttpHeaders headers = {};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds read_timeout{30'000};
  std::chrono::milliseconds retry_delay{500};  // doubled from attempt to attempt
  int max_attempts = 4;                        // in a row that bring no byte
  std::stop_token stop = {};
  PullProgressFunction progress = {};
  std::string source = {};  // for progress
};

struct DownloadedFile {
  int64_t size = 0;
  std::string sha256;
  int64_t resumed_from = 0;  // bytes that were there before this call
};

// Errors: kNotFound (404), kDenied (401, 403), kUnavailable, kTimeout, kCancelled (what came is kept), kCorrupt (size
// or hash differ twice), kExhausted (disk full), with the URL or path as `where`.
Result<DownloadedFile> Download(HttpClient& http, Files& files, const DownloadSpec& spec);

}  // namespace atelier
