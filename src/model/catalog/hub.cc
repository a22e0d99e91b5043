#include "model/catalog/hub.h"

#include <algorithm>
#include <set>

#include "base/io/files.h"
#include "base/io/sha256.h"
#include "base/net/http.h"
#include "base/text/json.h"

namespace atelier {
namespace {

// Repositories of large models list some thousands of files in under a megabyte.
constexpr int64_t kMaxListBytes = 16 << 20;

// Files beside the weights that some part of Atelier reads.
constexpr std::string_view kSmallFiles[] = {
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "chat_template.jinja",
    "chat_template.json",
    "1_Pooling/config.json",
    "modules.json",
    "sentence_bert_config.json",
};
constexpr std::string_view kIndex = "model.safetensors.index.json";
constexpr std::string_view kSingle = "model.safetensors";

std::string EncodePath(std::string_view path) {
  std::string out;
  while (true) {
    const size_t slash = std::min(path.find('/'), path.size());
    out += PercentEncode(path.substr(0, slash));
    if (slash == path.size()) return out;
    out += '/';
    path.remove_prefix(slash + 1);
  }
}

Result<HubFile> ReadFile(const Json& sibling) {
  HubFile file;
  const Json& name = sibling["rfilename"];
  if (!name.is_string() || !IsSafeRelativePath(name.AsString())) {
    return Error::Invalid("siblings: rfilename", "got " + name.Dump().substr(0, 200) + ", want a path within");
  }
  file.name = name.AsString();
  const Json& lfs = sibling["lfs"];
  const Json& size = lfs["size"].is_number() ? lfs["size"] : sibling["size"];
  if (size.is_number()) file.size = std::max<int64_t>(size.AsInt64().value_or(0), 0);
  if (lfs["sha256"].is_string()) {
    file.sha256 = lfs["sha256"].AsString();
    if (!IsSha256Hex(file.sha256)) return Error::Invalid(file.name + ": lfs.sha256", "want 64 hexadecimal digits");
  } else if (sibling["blobId"].is_string()) {
    file.git_blob_id = sibling["blobId"].AsString();
  }
  return file;
}

Result<HubRepository> ReadRepository(const Json& answer) {
  HubRepository repository;
  if (!answer["sha"].is_string() || !answer["siblings"].is_array()) {
    return Error::Invalid("", "this is no answer of a model hub: want an object with \"sha\" and \"siblings\"");
  }
  repository.commit = answer["sha"].AsString();
  const Json& licence = answer["cardData"]["license"];
  if (licence.is_string()) repository.licence = licence.AsString();
  for (const Json& sibling : answer["siblings"].items()) {
    TRY(auto file, ReadFile(sibling));
    repository.files.push_back(std::move(file));
  }
  return repository;
}

Error AnswerError(const std::string& url, const ClientResponse& response) {
  const std::string status = "got HTTP " + std::to_string(response.status);
  switch (response.status) {
    case 401:
    case 403:
      return Error::Denied(url, status +
                                    ": there is no such repository, or it is gated: accept its licence on the "
                                    "hub and set HF_TOKEN to a token of yours");
    case 404: return Error::NotFound(url, status + ": the hub has no such repository or revision");
    default: return Error::Unavailable(url, status);
  }
}

bool IsTopLevel(const HubFile& file) { return file.name.find('/') == std::string::npos; }

}  // namespace

const HubFile* HubRepository::Find(std::string_view name) const {
  const auto found = std::ranges::find(files, name, &HubFile::name);
  return found == files.end() ? nullptr : &*found;
}

Hub::Hub(HttpClient& http, HubOptions options) : http_(http), options_(std::move(options)) {
  while (options_.base_url.ends_with('/')) options_.base_url.pop_back();
}

HttpHeaders Hub::Headers() const {
  HttpHeaders headers;
  if (!options_.token.empty()) headers.Add("Authorization", "Bearer " + options_.token);
  return headers;
}

std::string Hub::UrlOf(const std::string& repository, const std::string& commit, const std::string& file) const {
  return options_.base_url + "/" + EncodePath(repository) + "/resolve/" + PercentEncode(commit) + "/" +
         EncodePath(file);
}

Result<HubRepository> Hub::List(const std::string& repository, const std::string& revision, std::stop_token stop) {
  ClientRequest request;
  request.url = options_.base_url + "/api/models/" + EncodePath(repository) + "/revision/" + PercentEncode(revision) +
                "?blobs=true";
  request.headers = Headers();
  request.max_body_bytes = kMaxListBytes;
  request.connect_timeout = options_.connect_timeout;
  request.read_timeout = std::chrono::seconds(20);
  request.stop = std::move(stop);
  TRY(const ClientResponse response, http_.Send(request));
  if (response.status != 200) return AnswerError(request.url, response);
  auto json = Json::Parse(response.body);
  if (!json.ok()) return Error::Invalid(request.url, json.error().Message());
  auto listed = ReadRepository(*json);
  if (!listed.ok()) return Error::Invalid(request.url, listed.error().Message());
  return listed;
}

Result<std::vector<HubFile>> SelectHubFiles(const HubRepository& repository) {
  std::vector<HubFile> chosen;
  for (const std::string_view name : kSmallFiles) {
    if (const HubFile* file = repository.Find(name)) chosen.push_back(*file);
  }
  if (const HubFile* single = repository.Find(kSingle)) {
    chosen.push_back(*single);
    return chosen;
  }
  if (const HubFile* index = repository.Find(kIndex)) {
    chosen.push_back(*index);
    for (const HubFile& file : repository.files) {
      if (IsTopLevel(file) && file.name.starts_with("model-") && file.name.ends_with(".safetensors")) {
        chosen.push_back(file);
      }
    }
    return chosen;
  }
  std::vector<HubFile> ggufs;
  std::string names;
  for (const HubFile& file : repository.files) {
    if (!IsTopLevel(file) || !file.name.ends_with(".gguf")) continue;
    ggufs.push_back(file);
    names += (names.empty() ? "" : ", ") + file.name;
  }
  if (ggufs.size() == 1) return ggufs;
  if (ggufs.empty()) return Error::Unsupported("", "the repository has neither safetensors nor GGUF files");
  return Error::Conflict("", "the repository has several GGUF files, name one as ORG/REPO:FILE: " + names);
}

}  // namespace atelier
