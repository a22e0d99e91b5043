// What search engines answer with, read into one form: SearXNG's JSON, and the RSS and Atom of OpenSearch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

struct SearchResult {
  std::string title, url;
  std::string text;  // a few words of what is found there
  std::string date;  // as the engine has it; empty: not told
};

struct SearchResults {
  std::vector<SearchResult> results;
  std::vector<std::string> answers;      // of the engine itself
  std::vector<std::string> suggestions;  // other queries
  std::vector<std::string> silent;       // engines behind it that did not answer, and why
};

// What `format=json` of SearXNG gives [searx/webutils.py, get_json_response]: objects without url are left out, answers
// are texts (until 2024) or objects. Errors: kInvalid where there is no array `results`.
Result<SearchResults> ReadSearxng(const Json& json);
// RSS 2.0 and Atom, with OpenSearch's elements or without. Errors: kInvalid.
Result<SearchResults> ReadFeed(std::string_view xml);

// An OpenSearch URL template filled in: {searchTerms}, {count}, {startIndex}, {startPage}, {language}, {inputEncoding},
// {outputEncoding}; others are left empty where they are optional ("{x?}"). Errors: kInvalid, one that must be known
// and is not.   [OpenSearch 1.1, "OpenSearch URL template syntax"]
struct SearchTerms {
  std::string query;
  int64_t page = 1;
  int64_t count = 10;
  std::string language = {};
};
Result<std::string> FillSearchTemplate(std::string_view pattern, const SearchTerms& terms);

}  // namespace atelier
