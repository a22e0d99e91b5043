#include "app/spend_store.h"

#include <utility>
#include <vector>

#include "observe/log.h"

namespace atelier {
namespace {

constexpr std::string_view kMigrations[] = {
    "CREATE TABLE account(key TEXT PRIMARY KEY, day INTEGER NOT NULL, month INTEGER NOT NULL,"
    " tokens_today INTEGER NOT NULL, micros_today INTEGER NOT NULL,"
    " tokens_this_month INTEGER NOT NULL, micros_this_month INTEGER NOT NULL) STRICT;"};

using Kept = std::vector<std::pair<std::string, Account>>;

Result<Kept> ReadAccounts(Db& db) {
  TRY(auto query, db.Prepare("SELECT key, day, month, tokens_today, micros_today, tokens_this_month, micros_this_month"
                             " FROM account"));
  Kept accounts;
  for (;;) {
    TRY(const bool found, query.Step());
    if (!found) return accounts;
    Account account;
    account.day = query.Int(1), account.month = query.Int(2);
    account.tokens_today = query.Int(3), account.micros_today = query.Int(4);
    account.tokens_this_month = query.Int(5), account.micros_this_month = query.Int(6);
    accounts.emplace_back(std::string(query.Text(0)), account);
  }
}

Result<void> WriteAccount(Db& db, const std::string& key, const Account& account) {
  TRY(auto insert, db.Prepare("INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?, ?, ?)"));
  return insert.Run(key, account.day, account.month, account.tokens_today, account.micros_today,
                    account.tokens_this_month, account.micros_this_month);
}

}  // namespace

Result<void> KeepSpending(Database& database, Spending& spending) {
  TRY_VOID(database.Migrate("spending", kMigrations));
  TRY(Kept accounts, database.Read([](Db& db) { return ReadAccounts(db); }));
  for (auto& [key, account] : accounts) spending.Restore(std::move(key), account);
  spending.OnChange([&database](const std::string& key, const Account& account) {
    database.writer().Submit([key, account](Db& db) { return WriteAccount(db, key, account); },
                             [key](const Result<void>& kept) {
                               if (!kept.ok()) LogWarn("the account of '" + key + "': " + kept.error().Message());
                             });
  });
  return {};
}

}  // namespace atelier
