// What atelier.yaml says of names that stand for several models, of prices and of budgets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/text/describe.h"

namespace atelier {

struct RouteTargetConfig {
  std::string model;  // "provider/model" or one of this machine
  double weight = 1;  // of a split
  static Fields Describe();
};

struct RouteCacheConfig {
  int64_t entries = 1000;
  int64_t mib = 64;
  double seconds = 3600;
  static Fields Describe();
};

struct RouteConfig {
  std::string name = {};  // as requests name it
  std::string strategy = "fallback";
  std::vector<RouteTargetConfig> targets = {};
  std::vector<std::string> mirror = {};  // asked too; their answers are dropped
  int32_t attempts = 2;                  // of each target
  double backoff_seconds = 0.5;
  double max_backoff_seconds = 30;
  double first_seconds = 0;  // until the first token; 0: no bound
  double total_seconds = 0;
  int32_t breaker_failures = 5;  // in a row; 0: never
  double breaker_seconds = 30;
  int64_t max_concurrent = 0;  // 0: no bound
  int64_t max_waiting = 1000;
  std::optional<RouteCacheConfig> cache = {};
  static Fields Describe();
};

// For a million tokens, in whatever currency the budgets are in.
struct PriceConfig {
  std::string model;
  double input = 0, output = 0;
  std::optional<double> cached_input = {};  // none: as input
  static Fields Describe();
};

// What an API key may spend. 0: no bound. Days and months are UTC's.
struct BudgetConfig {
  std::string key;  // its name; "*": each key that has no budget of its own, and callers without one
  int64_t tokens_per_day = 0, tokens_per_month = 0;
  double money_per_day = 0, money_per_month = 0;
  static Fields Describe();
};

}  // namespace atelier
