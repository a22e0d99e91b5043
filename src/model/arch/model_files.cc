#include "model/arch/model_files.h"

#include <algorithm>
#include <utility>

#include "base/io/files.h"
#include "model/container/gguf.h"
#include "model/container/onnx.h"
#include "model/container/safetensors.h"

namespace atelier {
namespace {

constexpr int64_t kMaxSmallFileBytes = 16
                                       << 20;  // configurations; tokenizer_config.json with many added tokens is 1 MB

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string StemOf(const std::string& path) {
  const std::string file = path.substr(path.rfind('/') + 1);
  return file.substr(0, file.rfind('.'));
}

// The text of a small file beside the model, or nothing where there is none.
Result<std::optional<std::string>> ReadBeside(const std::string& folder, std::string_view name) {
  const std::string path = JoinPath(folder, name);
  if (!FileExists(Files::Real(), path)) return std::optional<std::string>();
  TRY(std::string text, ReadWholeFile(Files::Real(), path, kMaxSmallFileBytes));
  return std::optional(std::move(text));
}

// The same as Json; null where there is none.
Result<Json> ReadJsonBeside(const std::string& folder, std::string_view name) {
  TRY(const std::optional<std::string> text, ReadBeside(folder, name));
  if (!text) return Json();
  Result<Json> json = Json::Parse(*text);
  if (!json.ok()) return std::move(json).error().Under(JoinPath(folder, name));
  return json;
}

// "1_Pooling/config.json" says how, "modules.json" whether vectors are brought to length 1 afterwards. Without the
// latter they are: all serving software does.
Result<std::optional<PoolSpec>> ReadPooling(const std::string& folder) {
  TRY(const Json pooling, ReadJsonBeside(folder, "1_Pooling/config.json"));
  if (pooling.is_null()) return std::optional<PoolSpec>();
  const auto is_on = [&](std::string_view flag, std::string_view mode) {
    const Json& named = pooling["pooling_mode"];
    return (pooling[flag].is_bool() && pooling[flag].AsBool()) || (named.is_string() && named.AsString() == mode);
  };
  PoolSpec spec{PoolKind::kMean, true};
  const bool mean = is_on("pooling_mode_mean_tokens", "mean");
  const bool cls = is_on("pooling_mode_cls_token", "cls");
  const bool last = is_on("pooling_mode_lasttoken", "lasttoken");
  if (int{mean} + int{cls} + int{last} != 1) {
    return Error::Unsupported(JoinPath(folder, "1_Pooling/config.json"),
                              "got another kind of pooling, want one of cls, mean and last token");
  }
  spec.kind = mean ? PoolKind::kMean : cls ? PoolKind::kCls : PoolKind::kLast;
  TRY(const Json modules, ReadJsonBeside(folder, "modules.json"));
  if (modules.is_array()) {
    spec.normalise = false;
    for (const Json& module : modules.items()) {
      const Json& type = module["type"];
      if (type.is_string() && type.AsString().ends_with("Normalize")) spec.normalise = true;
    }
  }
  return std::optional(spec);
}

Result<std::optional<PoolSpec>> ReadGgufPooling(const GgufFile& gguf, std::string_view arch) {
  const std::string key = std::string(arch) + ".pooling_type";
  TRY(const int64_t type, gguf.IntegerOr(key, 0));
  switch (type) {
    case 0:  // none, and
    case 4:  // rank: the classifier decides
      return std::optional<PoolSpec>();
    case 1: return std::optional(PoolSpec{PoolKind::kMean, true});
    case 2: return std::optional(PoolSpec{PoolKind::kCls, true});
    case 3: return std::optional(PoolSpec{PoolKind::kLast, true});
    default: return Error::Invalid(key, "got " + std::to_string(type) + ", want 0 to 4").Under(gguf.path());
  }
}

Result<ModelFiles> OpenGguf(const std::string& path) {
  TRY(std::shared_ptr<const GgufFile> gguf, GgufFile::Open(path));
  ModelFiles files;
  files.gguf = gguf.get();
  files.tokenizer.gguf = gguf.get();
  TRY(const std::string_view arch, gguf->Text("general.architecture"));
  TRY(const std::string_view name, gguf->TextOr("general.name", ""));
  TRY(const std::string_view chat_template, gguf->TextOr("tokenizer.chat_template", ""));
  files.name = name;
  if (!chat_template.empty()) files.chat_template = chat_template;
  for (const char* key :
       {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
    TRY(const int64_t id, gguf->IntegerOr(key, -1));
    if (id >= 0 && id <= INT32_MAX) files.end_tokens.push_back(static_cast<int32_t>(id));
  }
  TRY(files.pooling, ReadGgufPooling(*gguf, arch));
  files.container = std::move(gguf);
  return files;
}

// chat_template.jinja, or "chat_template" of tokenizer_config.json: a text, or a list of named ones.
Result<std::optional<std::string>> ReadChatTemplate(const std::string& folder) {
  TRY(std::optional<std::string> jinja, ReadBeside(folder, "chat_template.jinja"));
  if (jinja) return jinja;
  TRY(const Json config, ReadJsonBeside(folder, "tokenizer_config.json"));
  const Json& text = config["chat_template"];
  if (text.is_string()) return std::optional(text.AsString());
  for (int64_t i = 0; text.is_array() && i < text.size(); ++i) {
    const Json& named = text[i];
    const Json& name = named["name"];
    if (name.is_string() && name.AsString() == "default" && named["template"].is_string()) {
      return std::optional(named["template"].AsString());
    }
  }
  return std::optional<std::string>();
}

void AddEndTokens(const Json& ids, std::vector<int32_t>& out) {
  const auto add = [&](const Json& id) {
    const auto value = id.is_number() ? id.AsInt64() : std::nullopt;
    if (value && *value >= 0 && *value <= INT32_MAX) out.push_back(static_cast<int32_t>(*value));
  };
  if (!ids.is_array()) return add(ids);
  for (const Json& id : ids.items()) add(id);
}

// Fills in what lies in `folder` beside the weights.
Result<void> ReadFolder(const std::string& folder, ModelFiles& files) {
  TRY(files.pooling, ReadPooling(folder));
  TRY(files.chat_template, ReadChatTemplate(folder));
  TRY(const Json generation, ReadJsonBeside(folder, "generation_config.json"));
  AddEndTokens(generation.Has("eos_token_id") ? generation["eos_token_id"] : files.config["eos_token_id"],
               files.end_tokens);
  const std::string config = JoinPath(folder, "tokenizer_config.json");
  if (FileExists(Files::Real(), config)) files.tokenizer.config_path = config;
  return {};
}

Result<ModelFiles> OpenOnnx(const std::string& path) {
  TRY(std::shared_ptr<const OnnxFile> onnx, OnnxFile::Open(path));
  ModelFiles files;
  const std::string folder = FolderOf(path);
  TRY(const OnnxBertConfig config, onnx->BertConfig());
  TRY(files.config, Json::Parse(config.ToConfigJson()));
  files.config_path = path;
  files.has_config = false;
  files.name = StemOf(path);
  TRY_VOID(ReadFolder(folder, files));
  for (const std::string& name : {StemOf(path) + "-tokenizer.json", std::string("tokenizer.json")}) {
    if (files.tokenizer.json_path.empty() && FileExists(Files::Real(), JoinPath(folder, name))) {
      files.tokenizer.json_path = JoinPath(folder, name);
    }
  }
  files.container = std::move(onnx);
  return files;
}

Result<ModelFiles> OpenHfFolder(const std::string& path) {
  TRY(std::shared_ptr<const HfFolder> folder, HfFolder::Open(path));
  ModelFiles files;
  TRY(files.config, ReadJsonBeside(path, "config.json"));
  files.config_path = JoinPath(path, "config.json");
  files.name = path.substr(
      path.find_last_not_of('/') == std::string::npos ? 0 : path.rfind('/', path.find_last_not_of('/')) + 1);
  TRY_VOID(ReadFolder(path, files));
  if (folder->Contains("tokenizer.json")) files.tokenizer.json_path = JoinPath(path, "tokenizer.json");
  files.container = std::move(folder);
  return files;
}

Result<ModelFiles> OpenFolder(const std::string& path) {
  TRY(const std::vector<std::string> names, Files::Real().List(path));
  const auto is_safetensors = [](const std::string& name) { return name.ends_with(".safetensors"); };
  if (std::ranges::any_of(names, is_safetensors)) return OpenHfFolder(path);
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (name.ends_with(".gguf") || name.ends_with(".onnx")) found.push_back(JoinPath(path, name));
  }
  if (found.size() == 1) return OpenModelFiles(found.front());
  return Error::NotFound(path,
                         "got " + std::to_string(found.size()) +
                             " GGUF or ONNX files and no safetensors, want one of them, or a Hugging Face folder");
}

}  // namespace

Result<ModelFiles> OpenModelFiles(const std::string& path) {
  TRY(const FileInfo info, Files::Real().Stat(path));
  if (info.is_folder) return OpenFolder(path);
  return path.ends_with(".onnx") ? OpenOnnx(path) : OpenGguf(path);
}

}  // namespace atelier
