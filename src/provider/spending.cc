#include "provider/spending.h"

#include <chrono>
#include <cmath>

namespace atelier {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

sys_days Today(const Clock& clock) {
  return std::chrono::floor<days>(
      std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(clock.UnixNanos())));
}

int64_t MonthOf(sys_days day) {
  const std::chrono::year_month_day date(day);
  return (static_cast<int>(date.year()) - 1970) * 12 + static_cast<int64_t>(static_cast<unsigned>(date.month())) - 1;
}

sys_days NextMonth(sys_days day) {
  const std::chrono::year_month_day date(day);
  return sys_days((date.year() / date.month() + std::chrono::months(1)) / std::chrono::day(1));
}

int64_t Micros(double money) { return static_cast<int64_t>(std::llround(money * 1e6)); }

std::string MoneyText(int64_t micros) {
  const int64_t cents = (micros + 5000) / 10'000;
  const std::string rest = std::to_string(cents % 100);
  return std::to_string(cents / 100) + "." + (rest.size() < 2 ? "0" : "") + rest;
}

}  // namespace

Result<std::unique_ptr<Spending>> Spending::Create(const std::vector<PriceConfig>& prices,
                                                   const std::vector<BudgetConfig>& budgets, const Clock& clock) {
  std::unique_ptr<Spending> spending(new Spending(clock));
  for (const PriceConfig& price : prices) {
    if (!spending->prices_.emplace(price.model, price).second) {
      return Error::Invalid("prices", "got '" + price.model + "' twice");
    }
  }
  for (const BudgetConfig& budget : budgets) {
    if (!spending->budgets_.emplace(budget.key, budget).second) {
      return Error::Invalid("budgets", "got '" + budget.key + "' twice");
    }
  }
  return spending;
}

const BudgetConfig* Spending::BudgetOf(std::string_view key) const {
  auto found = budgets_.find(key);
  if (found == budgets_.end()) found = budgets_.find("*");
  return found == budgets_.end() ? nullptr : &found->second;
}

Account& Spending::Current(std::string_view key) {
  auto found = accounts_.find(key);
  if (found == accounts_.end()) found = accounts_.emplace(std::string(key), Account()).first;
  Account& account = found->second;
  const sys_days today = Today(clock_);
  const int64_t day = today.time_since_epoch().count(), month = MonthOf(today);
  if (account.day != day) account.day = day, account.tokens_today = account.micros_today = 0;
  if (account.month != month) account.month = month, account.tokens_this_month = account.micros_this_month = 0;
  return account;
}

const Account& Spending::AccountOf(std::string_view key) { return Current(key); }

Result<void> Spending::Admit(std::string_view key) {
  const BudgetConfig* budget = BudgetOf(key);
  if (budget == nullptr) return {};
  const Account& account = Current(key);
  const auto refuse = [&](std::string used, std::string most, std::string_view span, sys_days until) {
    Error error = Error::Exhausted("", "got " + used + " used of a budget of " + most + " a " + std::string(span))
                      .WithCode("insufficient_quota");
    const auto now = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(clock_.UnixNanos()));
    error.retry_after = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    return error;
  };
  const auto tokens = [](int64_t num) { return std::to_string(num) + " tokens"; };
  const sys_days today = Today(clock_);
  const auto over = [](int64_t used, int64_t most) { return most > 0 && used >= most; };
  if (over(account.tokens_this_month, budget->tokens_per_month)) {
    return refuse(tokens(account.tokens_this_month), tokens(budget->tokens_per_month), "month", NextMonth(today));
  }
  if (over(account.micros_this_month, Micros(budget->money_per_month))) {
    return refuse(MoneyText(account.micros_this_month), MoneyText(Micros(budget->money_per_month)), "month",
                  NextMonth(today));
  }
  if (over(account.tokens_today, budget->tokens_per_day)) {
    return refuse(tokens(account.tokens_today), tokens(budget->tokens_per_day), "day", today + days(1));
  }
  if (over(account.micros_today, Micros(budget->money_per_day))) {
    return refuse(MoneyText(account.micros_today), MoneyText(Micros(budget->money_per_day)), "day", today + days(1));
  }
  return {};
}

int64_t Spending::MicrosOf(std::string_view model, const Usage& usage) const {
  const auto found = prices_.find(model);
  if (found == prices_.end()) return 0;
  const PriceConfig& price = found->second;
  const auto fresh = static_cast<double>(usage.prompt_tokens - usage.cached_tokens);
  const double micros = fresh * price.input +
                        static_cast<double>(usage.cached_tokens) * price.cached_input.value_or(price.input) +
                        static_cast<double>(usage.completion_tokens) * price.output;
  return static_cast<int64_t>(std::ceil(micros));
}

void Spending::Charge(std::string_view key, std::string_view model, const Usage& usage) {
  const int64_t tokens = usage.prompt_tokens + usage.completion_tokens;
  const int64_t micros = MicrosOf(model, usage);
  if (!any() || (tokens == 0 && micros == 0)) return;
  Account& account = Current(key);
  account.tokens_today += tokens, account.tokens_this_month += tokens;
  account.micros_today += micros, account.micros_this_month += micros;
  if (keep_) keep_(std::string(key), account);
}

}  // namespace atelier
