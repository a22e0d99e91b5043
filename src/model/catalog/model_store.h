// The models on this machine: one folder a model under HOME/models, with a manifest.json in it.
//
//   HOME/models/NAME/manifest.json …      whole and verified models
//   HOME/downloads/NAME/                  what a pull has so far; it becomes HOME/models/NAME by one rename
//   HOME/downloads/NAME.lock              held by the process that pulls NAME
//
// A pull tries the model's sources in order and notes why it passed one over. Interrupted (Ctrl-C, power), nothing of
// it is seen under models, and the next pull goes on where it stopped. A folder without a manifest is somebody's own:
// it is listed and served, and a pull of its name adopts it if its files are those of a source.
//
// Thread-safe for different models; one process at a time a model (kConflict otherwise).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/io/files.h"
#include "base/result.h"
#include "model/catalog/catalog.h"
#include "model/catalog/hub.h"
#include "model/catalog/manifest.h"
#include "model/catalog/package.h"
#include "model/catalog/progress.h"

namespace atelier {

// $ATELIER_HOME, or ~/.atelier.
std::string AtelierHome();

struct StoreOptions {
  std::string home = AtelierHome();
  HubOptions hub = {};
  std::string python = "python3";
  std::string maven = "mvn";
  std::chrono::milliseconds retry_delay{500};

  // The hub's address from `hub_url` if given, else ATELIER_HUB, else HF_ENDPOINT, else huggingface.co; its token
  // from HF_TOKEN.
  static StoreOptions FromEnvironment(std::string_view hub_url = {});
};

struct PullOptions {
  bool again = false;  // although it is there: fetch anew and replace it
  std::stop_token stop = {};
  PullProgressFunction progress = {};
};

struct PulledModel {
  Manifest manifest;
  std::string folder;
  bool was_there = false;  // nothing had to be done
};

struct ImportOptions {
  std::string name = {};     // default: the file's or folder's name in lower case
  bool replace = false;      // a model of that name
  std::string pooling = {};  // ONNX: "cls", "mean" or "last", where no 1_Pooling/config.json lies beside the file
  std::stop_token stop = {};
  PullProgressFunction progress = {};
};

struct InstalledModel {
  std::string name;
  std::string folder;
  std::optional<Manifest> manifest = {};  // absent: a folder of somebody's own, or a damaged manifest
  int64_t bytes = 0;                      // of all files
  std::string problem = {};               // why it will not do: damaged manifest, missing file; empty: none
};

// What a model's files hold.
struct ModelContents {
  struct Format {
    std::string name;  // "Q4_1"
    int64_t num_tensors = 0;
    int64_t bytes = 0;
    bool supported = false;
  };
  std::string container;     // "GGUF 3", "safetensors", "ONNX"
  std::string file;          // path of the container
  std::string architecture;  // "llama"; empty: not named
  int64_t num_tensors = 0;
  int64_t num_parameters = 0;
  std::vector<Format> formats;  // most bytes first
};

struct VerifiedFile {
  std::string name;
  std::string problem;  // "got 12 bytes, want 98362432"; empty: it is as it was pulled
};

class ModelStore {
 public:
  explicit ModelStore(StoreOptions options, Files& files = Files::Real(), const Clock& clock = Clock::Real());
  ~ModelStore();

  // `what` is a name of the catalogue, "ORG/REPO" of the hub, or "ORG/REPO:FILE.gguf" of it.
  // A model that is there already, whole by sizes, is not fetched again.   Errors: kNotFound (naming the nearest
  // name), kConflict (another process pulls it), kCancelled, kUnavailable (every source, with its reason).
  Result<PulledModel> Pull(std::string_view what, const PullOptions& options = {});
  // Copies a GGUF file, a Hugging Face folder, or the ONNX export of a BERT encoder (its tokenizer.json or
  // NAME-tokenizer.json beside it). The file is opened and checked first. Errors also: kConflict (name taken).
  Result<PulledModel> Import(const std::string& path, const ImportOptions& options = {});

  // By name. COST: one stat a file.
  Result<std::vector<InstalledModel>> List() const;
  // kNotFound naming the nearest installed name.
  Result<InstalledModel> Find(std::string_view name) const;
  // Opens the model's file. COST: reads the header alone.
  Result<ModelContents> Contents(const InstalledModel& model) const;
  // Sizes and hashes of all files. kNotFound; kUnsupported for a folder without a manifest (nothing to hold it
  // against).
  Result<std::vector<VerifiedFile>> Verify(std::string_view name, const PullProgressFunction& progress = {},
                                           std::stop_token stop = {}) const;
  // The model and what a pull of it has left. Returns the bytes freed.
  Result<int64_t> Remove(std::string_view name);

  std::string FolderOfModel(std::string_view name) const;
  const StoreOptions& options() const { return options_; }

 private:
  StoreOptions options_;
  Files& files_;
  const Clock& clock_;
  std::unique_ptr<HttpClient> http_;
};

// Whether `name` can name a model: letters, digits, '.', '_' and '-', at most 100, not beginning with '.'.
bool IsModelName(std::string_view name);

}  // namespace atelier
