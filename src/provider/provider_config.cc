#include "provider/provider_config.h"

#include <cstdlib>
#include <fstream>

namespace atelier {

Fields ProviderModelConfig::Describe() {
  using C = ProviderModelConfig;
  static constexpr Field fields[] = {
      Key<&C::id>("id", "as the upstream names it").Required(),
      Key<&C::kind>("kind", "what it does").OneOf("chat|embedding|rerank"),
      Key<&C::context_length>("context_length", "for listings; 0: not known").AtLeast(0),
      Key<&C::vector_size>("vector_size", "of an embedding model, for listings; 0: not known").AtLeast(0),
  };
  return fields;
}

Fields ProviderConfig::Describe() {
  using C = ProviderConfig;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "requests name its models name/model").Required().AtMostBytes(64),
      Key<&C::api>("api", "which API it speaks").OneOf("openai|anthropic"),
      Key<&C::base_url>("base_url", "where it answers, as https://api.openai.com/v1").Required(),
      Key<&C::key>("key", "env:NAME or file:PATH of its key; empty: none"),
      Key<&C::dialect>("dialect", "whose form of the OpenAI API: which parameters are honoured, and their names")
          .OneOf("|compatible|openai|vllm|llama_server|atelier"),
      Key<&C::constrains>("constrains",
                          "what it is trusted to keep of an output's description; the rest is checked here")
          .OneOf("|all|json_schema|json_object|none"),
      Key<&C::hold_back>("hold_back", "check an answer before a word of it goes out, even where it is trusted"),
      Key<&C::repairs>("repairs", "how often an answer that breaks its description is asked for again").Between(0, 10),
      Key<&C::models>("models", "its models; none: any name is passed on"),
      Key<&C::parameters>("parameters", "parameters that it honours beside those of its dialect"),
      Key<&C::headers>("headers", "further headers of every request"),
      Key<&C::rerank_path>("rerank_path", "where under base_url it reranks"),
      Key<&C::decisions>("decisions", "how it decides: by /decisions, or by top_logprobs of chats; empty: by either")
          .OneOf("|decisions|chats"),
      Key<&C::ca_file>("ca_file", "PEM authorities to trust instead of the system's"),
      Key<&C::connect_seconds>("connect_seconds", "time for address, TCP and TLS").Between(0.001, 3600),
      Key<&C::head_seconds>("head_seconds", "time until it begins to answer").Between(0.001, 86400),
      Key<&C::idle_seconds>("idle_seconds", "time between two pieces of an answer").Between(0.001, 86400),
      Key<&C::default_max_tokens>("default_max_tokens", "where a request says none and the API wants one").AtLeast(1),
  };
  return fields;
}

Result<std::string> ReadSecret(const std::string& text, const std::string& where) {
  constexpr std::string_view kEnv = "env:", kFile = "file:";
  std::string secret;
  if (text.starts_with(kEnv)) {
    const std::string name = text.substr(kEnv.size());
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return Error::Invalid(where, "got env:" + name + ", want that variable to be set");
    secret = value;
  } else if (text.starts_with(kFile)) {
    const std::string path = text.substr(kFile.size());
    std::ifstream file(path);
    if (!file || !std::getline(file, secret))
      return Error::Invalid(where, "got file:" + path + ", want a file to read");
    while (!secret.empty() && (secret.back() == '\r' || secret.back() == ' ')) secret.pop_back();
  } else {
    return Error::Invalid(where, "got a text of " + std::to_string(text.size()) +
                                     " bytes, want env:NAME or file:PATH: a key does not belong in this file");
  }
  if (secret.empty()) return Error::Invalid(where, "got " + text + ", which is empty, want a key");
  return secret;
}

}  // namespace atelier
