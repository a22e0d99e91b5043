// For tests: models of this machine behind a LocalProvider, where they are in place.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/net/io_loop.h"
#include "base/task/pool.h"
#include "engine/local_model.h"
#include "provider/local_provider.h"

namespace atelier {

class LocalBench {
 public:
  // Where a model would lie: a file or folder below the models' folder.
  static std::string PathOf(const std::string& relative) {
    const char* home = std::getenv("ATELIER_HOME");
    const char* user = std::getenv("HOME");
    return (home != nullptr ? home : std::string(user != nullptr ? user : "") + "/.atelier") + "/models/" + relative;
  }
  static bool Has(const std::string& relative) { return std::filesystem::exists(PathOf(relative)); }

  LocalProvider& provider() { return provider_; }
  template <class T>
  T Run(Task<T> task) {
    return loop_.RunTask(std::move(task));
  }

 private:
  static Result<std::unique_ptr<LocalModel>> Load(const std::string& name, const ModelSurroundings& around) {
    LocalModelOptions options{.name = name, .path = PathOf(name)};
    options.panel_path =
        testing::TempDir() + "local_bench_" + std::to_string(std::hash<std::string>()(name)) + ".panels";
    return LoadLocalModel(options, around);
  }

  IoLoop loop_;
  Pool pool_{loop_, 1};
  ModelHost host_{{}, Load, &Clock::Real()};
  LocalProvider provider_{host_, loop_, pool_, Clock::Real()};
};

#define REQUIRE_LOCAL_MODEL(relative) \
  if (!LocalBench::Has(relative)) GTEST_SKIP() << LocalBench::PathOf(relative) << " is not there"

}  // namespace atelier
