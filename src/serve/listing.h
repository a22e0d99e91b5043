// What all lists of the OpenAI API share: the query's after, limit and order, and the body of a page.
#pragma once

#include <cstdint>
#include <string>

#include "app/page.h"
#include "base/net/http.h"
#include "base/text/json.h"

namespace atelier {

struct ListingRules {
  int64_t default_limit = 20;
  int64_t max_limit = 100;
  bool ascending = false;  // where the query names no order
};

// Errors name the parameter.
Result<PageQuery> ReadPageQuery(const HttpRequest& http, const ListingRules& rules);

// {"object": "list", "data", "first_id", "last_id", "has_more"}; each of `data` has an "id".
Json ListBody(Json data, bool has_more);

}  // namespace atelier
