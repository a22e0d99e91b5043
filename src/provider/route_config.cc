#include "provider/route_config.h"

namespace atelier {

Fields RouteTargetConfig::Describe() {
  using C = RouteTargetConfig;
  static constexpr Field fields[] = {
      Key<&C::model>("model", "provider/model, or a model of this machine").Required(),
      Key<&C::weight>("weight", "its share of a split").Between(0, 1e6),
  };
  return fields;
}

Fields RouteCacheConfig::Describe() {
  using C = RouteCacheConfig;
  static constexpr Field fields[] = {
      Key<&C::entries>("entries", "most answers kept").Between(1, 1'000'000),
      Key<&C::mib>("mib", "most memory").Between(1, 65536),
      Key<&C::seconds>("seconds", "how long an answer is good").Between(0.001, 1e8),
  };
  return fields;
}

Fields RouteConfig::Describe() {
  using C = RouteConfig;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "as requests name it").Required().AtMostBytes(64),
      Key<&C::strategy>("strategy", "fallback: the first target that answers; split: one by weight, then the others")
          .OneOf("fallback|split"),
      Key<&C::targets>("targets", "models it stands for").Required().AtMostItems(64),
      Key<&C::mirror>("mirror", "models that are asked too; their answers are dropped").AtMostItems(8),
      Key<&C::attempts>("attempts", "tries of each target").Between(1, 20),
      Key<&C::backoff_seconds>("backoff_seconds", "before the second try; doubled after each, half of it at random")
          .Between(0, 3600),
      Key<&C::max_backoff_seconds>("max_backoff_seconds", "longest pause; a Retry-After above it ends the tries")
          .Between(0, 86400),
      Key<&C::first_seconds>("first_seconds", "time of a try until the first token; 0: no bound").Between(0, 86400),
      Key<&C::total_seconds>("total_seconds", "time of the whole; 0: no bound").Between(0, 86400),
      Key<&C::breaker_failures>("breaker_failures", "failures in a row after which a target rests; 0: never")
          .Between(0, 1'000'000),
      Key<&C::breaker_seconds>("breaker_seconds", "how long it rests before one request tries it")
          .Between(0.001, 86400),
      Key<&C::max_concurrent>("max_concurrent", "requests at once; 0: no bound").AtLeast(0),
      Key<&C::max_waiting>("max_waiting", "requests that wait for a place; more are answered 429").AtLeast(0),
      Key<&C::cache>("cache", "give equal requests the same answer"),
  };
  return fields;
}

Fields PriceConfig::Describe() {
  using C = PriceConfig;
  static constexpr Field fields[] = {
      Key<&C::model>("model", "provider/model, or a model of this machine").Required(),
      Key<&C::input>("input", "for a million tokens of prompt").AtLeast(0),
      Key<&C::output>("output", "for a million tokens of answer").AtLeast(0),
      Key<&C::cached_input>("cached_input", "for a million cached tokens of prompt; without, as input").AtLeast(0),
  };
  return fields;
}

Fields BudgetConfig::Describe() {
  using C = BudgetConfig;
  static constexpr Field fields[] = {
      Key<&C::key>("key", "name of an API key; \"*\": each that has no budget of its own").Required(),
      Key<&C::tokens_per_day>("tokens_per_day", "0: no bound").AtLeast(0),
      Key<&C::tokens_per_month>("tokens_per_month", "0: no bound").AtLeast(0),
      Key<&C::money_per_day>("money_per_day", "in the currency of the prices; 0: no bound").AtLeast(0),
      Key<&C::money_per_month>("money_per_month", "in the currency of the prices; 0: no bound").AtLeast(0),
  };
  return fields;
}

}  // namespace atelier
