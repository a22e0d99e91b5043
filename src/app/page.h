// Lists in pages, as OpenAI's: newest or oldest first, from behind an object on. Every table that is listed has an
// AUTOINCREMENT key `number`, so the order is that of making, and a page stays right while rows come and go.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/store/db.h"

namespace atelier {

struct PageQuery {
  std::string after;  // id of the last object of the page before; empty: from the beginning
  int64_t limit = 20;
  bool ascending = false;
};

template <class T>
struct Page {
  std::vector<T> items;
  bool has_more = false;
};

inline Error NoSuchPage(const PageQuery& query) {
  return Error::Invalid("after", "got '" + query.after.substr(0, 64) + "', want the id of a listed object");
}

// One page of `table` (which has `number` and `id`), each row made by read(statement). `where` is SQL over the columns
// with parameters from ?4 on, which bind(statement, 3) binds. Error: `after` names nothing.
template <class T, class Bind, class ReadRow>
Result<Page<T>> ReadPage(Db& db, const std::string& table, const std::string& columns, const std::string& where,
                         const PageQuery& query, Bind bind, ReadRow read) {
  const int64_t start = query.ascending ? 0 : INT64_MAX;
  int64_t after = start;
  if (!query.after.empty()) {
    TRY(Statement find, db.Prepare("SELECT number FROM " + table + " WHERE id = ?"));
    find.BindAll(query.after);
    TRY(const bool found, find.Step());
    if (!found) return NoSuchPage(query);
    after = find.Int(0);
  }
  TRY(Statement select, db.Prepare("SELECT " + columns + " FROM " + table +
                                   " WHERE (CASE WHEN ?2 THEN number > ?1 ELSE " + "number < ?1 END) AND " + where +
                                   " ORDER BY number " + (query.ascending ? "ASC" : "DESC") + " LIMIT ?3"));
  select.Bind(0, after);
  select.Bind(1, int64_t{query.ascending});
  select.Bind(2, query.limit + 1);
  bind(select, 3);
  Page<T> page;
  while (true) {
    TRY(const bool more, select.Step());
    if (!more) return page;
    page.has_more = static_cast<int64_t>(page.items.size()) == query.limit;
    if (page.has_more) return page;
    page.items.push_back(read(select));
  }
}

// A page of those of `rows`, which are in order of number, that `shows` says yes to: of the others it tells nothing,
// not even where `after` names one. Reads all rows.
template <class T, class ReadRow, class Shows>
Result<Page<T>> ShownPage(Statement& rows, const PageQuery& query, ReadRow read, const Shows& shows) {
  std::vector<T> shown;
  while (true) {
    TRY(const bool more, rows.Step());
    if (!more) break;
    T item = read(rows);
    if (shows(item)) shown.push_back(std::move(item));
  }
  if (!query.ascending) std::reverse(shown.begin(), shown.end());
  auto begin = shown.begin();
  if (!query.after.empty()) {
    begin = std::find_if(begin, shown.end(), [&](const T& item) { return item.id == query.after; });
    if (begin == shown.end()) return NoSuchPage(query);
    ++begin;
  }
  const auto end = begin + std::min<std::ptrdiff_t>(query.limit, shown.end() - begin);
  Page<T> page;
  page.has_more = end != shown.end();
  page.items.assign(std::make_move_iterator(begin), std::make_move_iterator(end));
  return page;
}

}  // namespace atelier
