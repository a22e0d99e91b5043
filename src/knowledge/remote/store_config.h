// `corpora[].vector_store` in atelier.yaml: a vector store that another program keeps, of OpenAI or of whatever speaks
// its API.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/text/describe.h"
#include "provider/provider_config.h"
#include "provider/upstream.h"

namespace atelier {

struct VectorStoreConfig {
  std::string id;        // as the other program names it
  std::string provider;  // one of `providers`, whose address, key and headers are used; or
  std::string base_url, key, ca_file;
  std::map<std::string, std::string> headers;
  double seconds = 60;         // that a search may take, whatever it waits for
  bool rewrite_query = false;  // the other program may word questions anew
  static Fields Describe();
};

// Errors: kInvalid under the key that is wrong: an id that is none, a provider that is not declared or speaks another
// API, both or neither of provider and base_url.
Result<void> CheckVectorStore(const VectorStoreConfig& config, const std::vector<ProviderConfig>& providers);

// Errors: CheckVectorStore's, and a key that cannot be read.
Result<UpstreamOptions> UpstreamOf(const VectorStoreConfig& config, const std::vector<ProviderConfig>& providers);

}  // namespace atelier
