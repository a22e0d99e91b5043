// What Ollama's resources have in common: models by its names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/app.h"
#include "base/net/http.h"
#include "base/text/json.h"

namespace atelier {

// Without ":latest".
std::string_view WithoutTag(std::string_view name);
// The model of that name, as it stands or without ":latest"; where empty, the default one of that kind.
Result<ModelListing> FindOllamaModel(const App& app, const std::string& name, std::string_view kind);
// "details" of a model: its format, family, size and quantisation.
Json OllamaDetails(const ModelListing& model);
// Of requests that name a model as "model", or, as it was before, as "name".
Result<std::string> NamedModel(const std::string& model, const std::string& name);

// Lines of JSON as they are made.
HttpResponse JsonLines(HttpResponse::Producer producer);
std::string JsonLine(const Json& body);

}  // namespace atelier
