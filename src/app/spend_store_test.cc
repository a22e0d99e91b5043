#include "app/spend_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace atelier {
namespace {

TEST(SpendStore, ARestartForgetsNoBudget) {
  const auto folder = std::filesystem::temp_directory_path() / ("spend_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  ManualClock clock;
  PriceConfig price{"m", 1, 2};
  BudgetConfig budget;
  budget.key = "alice", budget.tokens_per_month = 100;
  const auto open = [&](Database& database) {
    auto spending = Spending::Create({price}, {budget}, clock);
    CHECK(spending.ok());
    const Result<void> kept = KeepSpending(database, **spending);
    CHECK_MSG(kept.ok(), kept.ok() ? "" : kept.error().Message());
    return std::move(*spending);
  };
  {
    auto database = Database::Open((folder / "atelier.db").string());
    ASSERT_TRUE(database.ok());
    const auto spending = open(**database);
    spending->Charge("alice", "m", Usage{60, 0, 10});
    spending->Charge("alice", "m", Usage{30, 0, 10});
  }
  auto database = Database::Open((folder / "atelier.db").string());
  ASSERT_TRUE(database.ok());
  const auto spending = open(**database);
  EXPECT_EQ(spending->AccountOf("alice").tokens_this_month, 110);
  EXPECT_EQ(spending->AccountOf("alice").micros_today, 130);
  EXPECT_FALSE(spending->Admit("alice").ok());
  database->reset();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace atelier
