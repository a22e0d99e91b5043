// A Filter as a condition of SQL that is true or false, never NULL, and means what filter.h says; texts of globs are
// matched by characters there, not by bytes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/postgres/postgres_connection.h"
#include "knowledge/index/filter.h"

namespace atelier {

// Gathers the parameters of a statement under way.
class SqlParameters {
 public:
  // "$3": where the value stands in the statement.
  std::string Add(std::string value) {
    values_.emplace_back(std::move(value));
    return "$" + std::to_string(values_.size());
  }
  const PostgresParameters& values() const { return values_; }

 private:
  PostgresParameters values_;
};

// The expression, of type jsonb, of an attribute; NULL where a record has none.
using AttributeSql = std::function<std::string(std::string_view key, SqlParameters& parameters)>;

std::string FilterSql(const Filter& filter, const AttributeSql& attribute, SqlParameters& parameters);

// An expression of PostgreSQL's that matches the whole of what the pattern (base/text/glob.h) does.
std::string RegexOfGlob(std::string_view pattern);

}  // namespace atelier
