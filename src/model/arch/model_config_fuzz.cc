// Any bytes as a model's configuration, in a GGUF file's metadata or as config.json: every architecture that may read
// it gives its faults, or a graph of bounded size.
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/text/json.h"
#include "model/arch/arch_entry.h"
#include "model/container/gguf.h"

namespace {

using namespace atelier;

// A container without tensors, as config.json sees one whose weights are not there.
class NoTensors final : public TensorFile {
 public:
  std::span<const Tensor> tensors() const override { return {}; }
  const Tensor* Find(std::string_view) const override { return nullptr; }
  const std::string& path() const override { return path_; }

 private:
  std::string path_ = "fuzz";
};

void Build(const ArchEntry& entry, const std::shared_ptr<const TensorFile>& file, const ConfigReader& fresh) {
  for (const auto task : {std::optional<ModelTask>(), std::optional(ModelTask::kEmbed)}) {
    ConfigReader config = fresh;
    const auto rename = [&](std::string_view name) {
      return config.is_gguf() ? std::string(name) : entry.rename(name, config);
    };
    const auto weights = WeightStore::Create(file, rename);
    if (!weights.ok()) return;
    const auto built = entry.build({config, Weights(*weights), task, std::nullopt});
    if (built.ok()) (void)weights->Check(built->graph.weights, built->spare);
  }
}

void BuildFromJson(std::string_view text) {
  const auto json = Json::Parse(text);
  if (!json.ok() || !json->is_object()) return;
  const auto none = std::make_shared<NoTensors>();
  for (const ArchEntry* entry : Archs()) Build(*entry, none, ConfigReader(*json, "config.json"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto gguf = GgufFile::Parse(std::as_bytes(std::span(data, size)), "fuzz.gguf");
  if (!gguf.ok()) {
    BuildFromJson({reinterpret_cast<const char*>(data), size});
    return 0;
  }
  const std::shared_ptr<const GgufFile> file = std::move(gguf).value();
  for (const ArchEntry* entry : Archs()) Build(*entry, file, ConfigReader(*file, entry->name));
  return 0;
}
