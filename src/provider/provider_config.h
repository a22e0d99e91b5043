// What atelier.yaml says of services that answer model calls, and of the names that stand for several models.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/text/describe.h"

namespace atelier {

// One model of a provider, for listings.
struct ProviderModelConfig {
  std::string id;  // as the upstream names it
  std::string kind = "chat";
  int64_t context_length = 0;
  int64_t vector_size = 0;
  static Fields Describe();
};

struct ProviderConfig {
  std::string name;  // requests say name/model
  std::string api = "openai";
  std::string base_url;
  std::string key;      // "env:NAME" or "file:PATH"; empty: none
  std::string dialect;  // of the OpenAI API; empty: compatible
  // What the upstream is trusted to keep of an output's description; the rest is checked here. Empty: the dialect's.
  std::string constrains;
  // Answers that must keep a description are held back and checked even where it is trusted. None: of llama_server.
  std::optional<bool> hold_back;
  int32_t repairs = 2;                      // how often an answer that breaks its description is asked for again
  std::vector<ProviderModelConfig> models;  // empty: any name is passed on
  std::vector<std::string> parameters;      // honoured beside those of the dialect
  std::map<std::string, std::string> headers;
  std::string rerank_path = "/rerank";
  std::string decisions;  // "decisions", "chats"; empty: the former, or the latter where it has none
  std::string ca_file;
  double connect_seconds = 10;
  double head_seconds = 600;
  double idle_seconds = 120;
  int64_t default_max_tokens = 4096;  // of Anthropic's API, which wants one
  static Fields Describe();
};

// The secret that `text` stands for: "env:NAME" or "file:PATH" (its first line). A secret written out is refused, and
// no error repeats it. `where` begins errors.
Result<std::string> ReadSecret(const std::string& text, const std::string& where);

}  // namespace atelier
