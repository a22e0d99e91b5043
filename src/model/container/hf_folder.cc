// A Hugging Face model folder: one safetensors file or several with an index.
#include <algorithm>
#include <unordered_map>

#include "base/io/files.h"
#include "base/text/json.h"
#include "model/container/byte_reader.h"
#include "model/container/safetensors.h"

namespace atelier {
namespace {

constexpr int64_t kMaxTextBytes = 256 << 20;
constexpr size_t kMaxShards = 4096;
constexpr std::string_view kSingleFile = "model.safetensors";
constexpr std::string_view kIndexFile = "model.safetensors.index.json";

using ShardOfTensor = std::vector<std::pair<std::string, std::string>>;  // tensor name, shard file

Result<ShardOfTensor> ReadIndex(const std::string& path) {
  TRY(const std::string text, ReadWholeFile(Files::Real(), path, kMaxTextBytes));
  auto index = Json::Parse(text);
  if (!index.ok()) return Within(path, std::move(index).error());
  const Json& map = (*index)["weight_map"];
  if (!map.is_object()) return Error::Invalid(path + ": weight_map", "want an object of tensor names and file names");
  ShardOfTensor shards;
  for (const JsonMember& member : map.members()) {
    const std::string where = path + ": weight_map: " + member.key;
    if (!member.value.is_string()) return Error::Invalid(where, "want a file name");
    const std::string& shard = member.value.AsString();
    if (!IsSafeRelativePath(shard) || shard.find('/') != std::string::npos) {
      return Error::Invalid(where, "got \"" + shard + "\", want the plain name of a file in the folder");
    }
    shards.emplace_back(member.key, shard);
  }
  return shards;
}

}  // namespace

Result<std::unique_ptr<HfFolder>> HfFolder::Open(const std::string& path) {
  std::unique_ptr<HfFolder> folder(new HfFolder());
  folder->path_ = path;
  ShardOfTensor shard_of;
  std::vector<std::string> names;
  if (folder->Contains(kSingleFile)) {
    names.emplace_back(kSingleFile);
  } else if (folder->Contains(kIndexFile)) {
    TRY(shard_of, ReadIndex(JoinPath(path, kIndexFile)));
    for (const auto& [tensor, shard] : shard_of) names.push_back(shard);
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    if (names.size() > kMaxShards) {
      return Error::TooLarge(JoinPath(path, kIndexFile), "got " + std::to_string(names.size()) +
                                                             " shards, want at most " + std::to_string(kMaxShards));
    }
  } else {
    return Error::NotFound(path, "there is neither " + std::string(kSingleFile) + " nor " + std::string(kIndexFile));
  }

  std::unordered_map<std::string_view, std::string_view> shard_that_holds;
  for (const std::string& name : names) {
    TRY(auto shard, SafetensorsFile::Open(JoinPath(path, name)));
    for (const Tensor& tensor : shard->tensors()) {
      if (!folder->index_.emplace(tensor.name, folder->tensors_.size()).second) {
        return Error::Invalid(shard->path() + ": " + std::string(tensor.name), "another shard holds this name too");
      }
      folder->tensors_.push_back(tensor);
      shard_that_holds.emplace(tensor.name, name);
    }
    folder->shards_.push_back(std::move(shard));
  }
  for (const auto& [tensor, shard] : shard_of) {
    const auto holder = shard_that_holds.find(tensor);
    if (holder == shard_that_holds.end() || holder->second != shard) {
      return Error::Invalid(JoinPath(path, shard) + ": " + tensor, "the index names this tensor, but it is not there");
    }
  }
  return folder;
}

bool HfFolder::Contains(std::string_view name) const {
  return IsSafeRelativePath(name) && FileExists(Files::Real(), JoinPath(path_, name));
}

Result<std::string> HfFolder::ReadText(std::string_view name) const {
  if (!IsSafeRelativePath(name)) return Error::Invalid(path_, "got \"" + std::string(name) + "\", want a file within");
  return ReadWholeFile(Files::Real(), JoinPath(path_, name), kMaxTextBytes);
}

const Tensor* HfFolder::Find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

}  // namespace atelier
