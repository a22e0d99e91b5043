// Whole answers by the requests that they answer: equal in every parameter, to the byte. Bounded in number, in memory
// and in age; who was used least lately goes first. One thread; time is passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "provider/gathered.h"

namespace atelier {

class ResponseCache {
 public:
  struct Limits {
    int64_t entries = 1000;
    int64_t bytes = 64 << 20;
    std::chrono::milliseconds age{3'600'000};
  };
  explicit ResponseCache(Limits limits) : limits_(limits) {}

  // All that decides an answer, as one text; nothing for requests that are not to be kept (Infill, prompt logprobs).
  static std::optional<std::string> KeyOf(const GenerationRequest& request);

  const Gathered* Find(const std::string& key, Clock::TimePoint now);
  void Keep(const std::string& key, Gathered answer, Clock::TimePoint now);
  int64_t num_entries() const { return static_cast<int64_t>(entries_.size()); }

 private:
  struct Entry {
    std::string key;
    Gathered answer;
    Clock::TimePoint until;
    int64_t bytes = 0;
  };
  void Drop(std::list<Entry>::iterator entry);

  const Limits limits_;
  std::list<Entry> entries_;  // used last comes first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
  int64_t bytes_ = 0;
};

}  // namespace atelier
