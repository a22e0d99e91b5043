#include "serve/ollama_model.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace atelier {
namespace {

// "135M", "1.7B": three digits at most.
std::string CountText(int64_t count) {
  struct Scale {
    double unit;
    const char* letter;
  };
  constexpr std::array kScales = {Scale{1e9, "B"}, Scale{1e6, "M"}, Scale{1e3, "K"}, Scale{1, ""}};
  const auto value = static_cast<double>(count);
  const auto scale = std::ranges::find_if(kScales, [&](const Scale& s) { return value >= s.unit || s.unit == 1; });
  char text[32];
  std::snprintf(text, sizeof text, "%.3g%s", value / scale->unit, scale->letter);
  return text;
}

std::string ContainerOf(const ModelListing& model) {
  if (model.path.ends_with(".gguf")) return "gguf";
  if (model.path.ends_with(".onnx")) return "onnx";
  return model.path.empty() ? "" : "safetensors";
}

}  // namespace

std::string_view WithoutTag(std::string_view name) {
  constexpr std::string_view kLatest = ":latest";
  return name.ends_with(kLatest) ? name.substr(0, name.size() - kLatest.size()) : name;
}

Result<ModelListing> FindOllamaModel(const App& app, const std::string& name, std::string_view kind) {
  Result<ModelListing> found = app.FindModel(name, kind);
  const std::string_view plain = WithoutTag(name);
  return found.ok() || plain.size() == name.size() ? found : app.FindModel(plain, kind);
}

Json OllamaDetails(const ModelListing& model) {
  Json families = Json::Array();
  if (!model.arch.empty()) families.Push(model.arch);
  Json details = Json::Object({{"parent_model", ""}, {"format", ContainerOf(model)}, {"family", model.arch}});
  details.Set("families", std::move(families));
  details.Set("parameter_size", model.num_parameters > 0 ? CountText(model.num_parameters) : "");
  details.Set("quantization_level", model.format);
  return details;
}

Result<std::string> NamedModel(const std::string& model, const std::string& name) {
  const std::string& given = model.empty() ? name : model;
  if (given.empty()) return Error::Invalid("model", "got nothing, want a model").WithCode("missing_required_parameter");
  return given;
}

HttpResponse JsonLines(HttpResponse::Producer producer) {
  return HttpResponse::Streamed("application/x-ndjson", std::move(producer));
}

std::string JsonLine(const Json& body) { return body.Dump() + "\n"; }

}  // namespace atelier
