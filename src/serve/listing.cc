#include "serve/listing.h"

#include <charconv>

namespace atelier {

Result<PageQuery> ReadPageQuery(const HttpRequest& http, const ListingRules& rules) {
  PageQuery query;
  query.after = http.Query("after");
  query.limit = rules.default_limit;
  query.ascending = rules.ascending;
  if (const std::string_view limit = http.Query("limit"); !limit.empty()) {
    const auto [end, fault] = std::from_chars(limit.data(), limit.data() + limit.size(), query.limit);
    if (fault != std::errc() || end != limit.data() + limit.size() || query.limit < 1 ||
        query.limit > rules.max_limit) {
      return Error::Invalid(
          "limit", "got '" + std::string(limit.substr(0, 32)) + "', want 1 to " + std::to_string(rules.max_limit));
    }
  }
  if (const std::string_view order = http.Query("order"); !order.empty()) {
    if (order != "asc" && order != "desc") {
      return Error::Invalid("order", "got '" + std::string(order.substr(0, 32)) + "', want asc or desc");
    }
    query.ascending = order == "asc";
  }
  return query;
}

Json ListBody(Json data, bool has_more) {
  const auto id_of = [&](int64_t index) { return data.empty() ? Json() : data[index]["id"]; };
  Json body = Json::Object({{"object", "list"}, {"first_id", id_of(0)}, {"last_id", id_of(data.size() - 1)}});
  body.Set("data", std::move(data));
  body.Set("has_more", has_more);
  return body;
}

}  // namespace atelier
