// Which groups the users are in whom tokens of an authorization server named, as the last token of each said: what
// rules of access need to know when only the name of who asks has come along. Bounded: whoever has not been seen for
// longest is forgotten, and is in no group until a token comes again.   Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace atelier {

// Names of such users begin with it, so that they are never those of keys, nor of groups.
inline constexpr std::string_view kTokenUser = "oauth:";

class TokenGroups {
 public:
  explicit TokenGroups(size_t max_users = 10'000) : max_users_(max_users) {}

  // `user`: with kTokenUser. Groups that would be names of users are left out.
  void Keep(const std::string& user, std::vector<std::string> groups);
  std::vector<std::string> Of(std::string_view user) const;

 private:
  struct Entry {
    std::vector<std::string> groups;
    uint64_t seen = 0;
  };
  const size_t max_users_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> users_;
  std::map<uint64_t, std::string> by_age_;
  uint64_t last_ = 0;
};

}  // namespace atelier
