#include "model/catalog/contents.h"

#include <algorithm>
#include <map>

#include "base/text/json.h"
#include "model/container/gguf.h"
#include "model/container/onnx.h"
#include "model/container/safetensors.h"

namespace atelier {
namespace {

Result<OpenedContainer> OpenGguf(const std::string& path) {
  TRY(auto gguf, GgufFile::Open(path));
  OpenedContainer opened;
  opened.kind = "GGUF " + std::to_string(gguf->version());
  TRY(opened.architecture, gguf->TextOr("general.architecture", ""));
  TRY(opened.licence, gguf->TextOr("general.license", ""));
  opened.file = std::move(gguf);
  return opened;
}

Result<OpenedContainer> OpenFolder(const std::string& path) {
  TRY(auto folder, HfFolder::Open(path));
  OpenedContainer opened;
  opened.kind = "safetensors";
  if (const auto text = folder->ReadText("config.json"); text.ok()) {
    const auto config = Json::Parse(*text);
    if (!config.ok()) return Error::Invalid(JoinPath(path, "config.json"), config.error().Message());
    if ((*config)["model_type"].is_string()) opened.architecture = (*config)["model_type"].AsString();
  }
  opened.file = std::move(folder);
  return opened;
}

Result<OpenedContainer> OpenOnnx(const std::string& path) {
  TRY(auto onnx, OnnxFile::Open(path));
  TRY_VOID(onnx->BertConfig().ok() ? Result<void>() : Result<void>(onnx->BertConfig().error()));
  OpenedContainer opened;
  opened.kind = "ONNX";
  opened.architecture = "bert";
  opened.file = std::move(onnx);
  return opened;
}

// The one file in a folder that has a container's ending.
Result<std::string> FindContainer(Files& files, const std::string& folder) {
  TRY(const auto names, files.List(folder));
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (name.ends_with(".gguf") || name.ends_with(".onnx")) found.push_back(name);
  }
  if (found.size() == 1) return JoinPath(folder, found[0]);
  if (found.empty()) return Error::NotFound(folder, "there is no model.safetensors, no GGUF and no ONNX file in it");
  return Error::Conflict(folder, "got " + std::to_string(found.size()) + " GGUF or ONNX files (" + found[0] + ", " +
                                     found[1] + "), want one");
}

}  // namespace

Result<OpenedContainer> OpenContainer(Files& files, const std::string& path) {
  TRY(const FileInfo info, files.Stat(path));
  if (info.is_folder) {
    if (FileExists(files, JoinPath(path, "model.safetensors")) ||
        FileExists(files, JoinPath(path, "model.safetensors.index.json"))) {
      return OpenFolder(path);
    }
    TRY(const std::string inside, FindContainer(files, path));
    return OpenContainer(files, inside);
  }
  if (path.ends_with(".onnx")) return OpenOnnx(path);
  return OpenGguf(path);
}

ModelContents Summarise(const OpenedContainer& opened) {
  ModelContents contents{.container = opened.kind,
                         .file = opened.file->path(),
                         .architecture = opened.architecture,
                         .num_tensors = 0,
                         .num_parameters = 0,
                         .formats = {}};
  std::map<std::string_view, ModelContents::Format> formats;
  for (const Tensor& tensor : opened.file->tensors()) {
    ModelContents::Format& format = formats[tensor.format->name];
    format.name = tensor.format->name;
    format.supported = tensor.format->can_dequantize();
    ++format.num_tensors;
    format.bytes += static_cast<int64_t>(tensor.bytes.size());
    ++contents.num_tensors;
    contents.num_parameters += tensor.num_elements();
  }
  for (auto& [name, format] : formats) contents.formats.push_back(std::move(format));
  std::ranges::sort(contents.formats, std::ranges::greater(), &ModelContents::Format::bytes);
  return contents;
}

}  // namespace atelier
