// What API keys have used today and this month, in tokens and money, and whether they may go on. A call is admitted
// while its key has something left; what it used is charged when it ends, so that calls under way may overdraw a
// budget, and none after them.
//
// Money is counted in millionths: a price for a million tokens is that many millionths a token. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/events.h"
#include "provider/route_config.h"

namespace atelier {

// One key's account.
struct Account {
  int64_t day = 0, month = 0;  // since 1970-01
  int64_t tokens_today = 0, micros_today = 0;
  int64_t tokens_this_month = 0, micros_this_month = 0;
};

class Spending {
 public:
  // Errors: a budget or a price twice.
  static Result<std::unique_ptr<Spending>> Create(const std::vector<PriceConfig>& prices,
                                                  const std::vector<BudgetConfig>& budgets, const Clock& clock);

  // Whether anything is to be counted at all.
  bool any() const { return !prices_.empty() || !budgets_.empty(); }
  // Exhausted, code insufficient_quota, with retry_after until the next day or month.
  Result<void> Admit(std::string_view key);
  void Charge(std::string_view key, std::string_view model, const Usage& usage);
  int64_t MicrosOf(std::string_view model, const Usage& usage) const;
  const Account& AccountOf(std::string_view key);

  // Accounts as they were kept, before anything is charged; and where changed ones are to be kept.
  void Restore(std::string key, const Account& account) { accounts_[std::move(key)] = account; }
  void OnChange(std::function<void(const std::string& key, const Account&)> keep) { keep_ = std::move(keep); }

 private:
  explicit Spending(const Clock& clock) : clock_(clock) {}
  const BudgetConfig* BudgetOf(std::string_view key) const;
  Account& Current(std::string_view key);

  const Clock& clock_;
  std::map<std::string, PriceConfig, std::less<>> prices_;
  std::map<std::string, BudgetConfig, std::less<>> budgets_;
  std::map<std::string, Account, std::less<>> accounts_;
  std::function<void(const std::string&, const Account&)> keep_;
};

}  // namespace atelier
