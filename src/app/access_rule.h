// `access` in atelier.yaml: who may see which documents.
#pragma once

#include <string>
#include <vector>

#include "base/text/describe.h"
#include "base/text/json.h"

namespace atelier {

// Gives those it names the documents that pass all of its parts.
struct AccessRule {
  std::vector<std::string> to;         // users and groups of API keys; "*": every key
  std::vector<std::string> corpora;    // globs of names of corpora and ids of vector stores; of none, all
  std::vector<std::string> documents;  // globs of documents' ids (docs/**, */report.pdf); of none, all
  Json filter;                         // over attributes, as knowledge/index/filter.h reads it; null: all
  std::string readers;                 // an attribute that names users and groups: the asker must be among them
  bool change = false;                 // they may change vector stores too; of rules that give whole corpora
  static Fields Describe();
};

}  // namespace atelier
