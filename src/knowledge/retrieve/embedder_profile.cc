#include "knowledge/retrieve/embedder_profile.h"

#include <algorithm>
#include <cctype>

namespace atelier {
namespace {

struct Family {
  std::string_view part;  // of a model's name, in lower case
  std::string_view query_prefix, passage_prefix;
  int32_t published_tokens = 0;
};

// As the models' cards say. The first that fits.
constexpr Family kFamilies[] = {
    {"bge-small-en", "Represent this sentence for searching relevant passages: ", ""},
    {"bge-base-en", "Represent this sentence for searching relevant passages: ", ""},
    {"bge-large-en", "Represent this sentence for searching relevant passages: ", ""},
    {"e5-small", "query: ", "passage: "},
    {"e5-base", "query: ", "passage: "},
    {"e5-large", "query: ", "passage: "},
    {"all-minilm-l6-v2", "", "", 256},
    {"all-minilm-l12-v2", "", "", 128},
};

}  // namespace

EmbedderProfile ProfileOf(std::string_view model) {
  std::string name(model);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const Family& family : kFamilies) {
    if (name.find(family.part) == std::string::npos) continue;
    return {std::string(family.query_prefix), std::string(family.passage_prefix), family.published_tokens};
  }
  return {};
}

}  // namespace atelier
