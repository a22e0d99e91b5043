#include "model/catalog/manifest.h"

#include "base/io/sha256.h"
#include "base/text/describe_json.h"

namespace atelier {
namespace {
constexpr int64_t kMaxManifestBytes = 4 << 20;  // a model of 500 shards needs 80 kB
}  // namespace

Fields ManifestFile::Describe() {
  static constexpr Field fields[] = {
      Key<&ManifestFile::name>("name", "path within the model's folder").Required(),
      Key<&ManifestFile::size>("size", "bytes").AtLeast(0).Required(),
      Key<&ManifestFile::sha256>("sha256", "of the content, in hexadecimal").Required(),
  };
  return fields;
}

Fields Manifest::Describe() {
  static constexpr Field fields[] = {
      Key<&Manifest::version>("version", "of this format").Required(),
      Key<&Manifest::name>("name", "of the model").Required(),
      Key<&Manifest::kind>("kind", "chat, embedding or rerank; empty where not known"),
      Key<&Manifest::architecture>("architecture", "as GGUF calls it"),
      Key<&Manifest::parameters>("parameters", "their number, for people"),
      Key<&Manifest::licence>("licence", "SPDX id or the name of a licence of its own"),
      Key<&Manifest::source>("source", "where the files came from").Required(),
      Key<&Manifest::revision>("revision", "the commit, where the source has commits"),
      Key<&Manifest::pulled_at>("pulled_at", "when, UTC").Required(),
      Key<&Manifest::files>("files", "what belongs to the model").Required(),
  };
  return fields;
}

int64_t Manifest::total_bytes() const {
  int64_t total = 0;
  for (const ManifestFile& file : files) total += file.size;
  return total;
}

Result<Manifest> ReadManifest(Files& files, const std::string& folder) {
  const std::string path = JoinPath(folder, kManifestName);
  TRY(const std::string text, ReadWholeFile(files, path, kMaxManifestBytes));
  auto json = Json::Parse(text);
  auto manifest = json.ok() ? ReadJson<Manifest>(*json) : Result<Manifest>(std::move(json).error());
  if (!manifest.ok()) {
    return Error::Corrupt(path, manifest.error().Message());
  }
  if (manifest->version != 1) {
    return Error::Unsupported(path, "version: got " + std::to_string(manifest->version) + ", want 1");
  }
  for (const ManifestFile& file : manifest->files) {
    if (!IsSafeRelativePath(file.name)) return Error::Corrupt(path, "files: got name \"" + file.name + "\"");
    if (!IsSha256Hex(file.sha256)) return Error::Corrupt(path, file.name + ": sha256: want 64 hexadecimal digits");
  }
  return manifest;
}

Result<void> WriteManifest(Files& files, const std::string& folder, const Manifest& manifest) {
  return WriteAtomically(files, JoinPath(folder, kManifestName), WriteJson(manifest).DumpPretty() + "\n");
}

}  // namespace atelier
