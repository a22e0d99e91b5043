// Who may call, and how much: API keys with quotas of requests and tokens a minute, and tokens a day.
//
// Quotas are windows that begin with their first use. A request is admitted while its key has something left; what it
// uses is charged when it ends, so that one request may overdraw a window, never two. Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "base/clock.h"
#include "base/result.h"

namespace atelier {

class ApiKeys {
 public:
  // Errors: an "env:NAME" that is not set, two keys of one name.
  static Result<ApiKeys> Create(const std::vector<KeyConfig>& keys, const Clock& clock);

  bool required() const { return !keys_.empty(); }
  // Name of the key's owner, from "Bearer sk-…" or a bare key. Errors: Denied (none, or unknown), Exhausted with
  // retry_after. Without configured keys everyone is "".
  Result<std::string> Admit(std::string_view authorization);
  // Whether there is a key of that name.
  bool Knows(std::string_view name) const;
  // Goes on with the windows of keys of the same name.
  void TakeUsageFrom(const ApiKeys& before);
  void Charge(std::string_view name, int64_t num_tokens);

 private:
  struct Window {
    int64_t limit = 0;  // 0: none
    std::chrono::seconds length{};
    Clock::TimePoint start{};
    int64_t used = 0;
  };
  struct Key {
    std::string secret, name;
    Window requests, tokens, daily_tokens;
  };

  ApiKeys(std::vector<Key> keys, const Clock& clock) : keys_(std::move(keys)), clock_(&clock) {}
  Result<void> CheckRoom(Window& window, std::string_view what) const;

  std::vector<Key> keys_;
  const Clock* clock_;
};

}  // namespace atelier
