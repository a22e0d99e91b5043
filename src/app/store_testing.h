// A store over a database in a folder of the test's own, closed and opened again as by a restart.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "base/store/database.h"

namespace atelier {

template <class Store>
class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    Reopen();
  }
  ~StoreTest() override {
    Close();
    std::filesystem::remove_all(folder_);
  }
  void Reopen() {
    Close();
    auto database = Database::Open((folder_ / "atelier.db").string());
    ASSERT_TRUE(database.ok()) << database.error().Message();
    database_ = std::move(*database);
    auto store = Store::Open(*database_);
    ASSERT_TRUE(store.ok()) << store.error().Message();
    store_ = std::move(*store);
  }

 private:
  void Close() {
    store_.reset();
    database_.reset();
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("store_test_" + std::to_string(getpid()));
  std::unique_ptr<Database> database_;

 protected:
  std::unique_ptr<Store> store_;
};

}  // namespace atelier
