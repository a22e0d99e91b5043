#include "app/token_groups.h"

namespace atelier {

void TokenGroups::Keep(const std::string& user, std::vector<std::string> groups) {
  std::erase_if(groups, [](const std::string& group) { return group.starts_with(kTokenUser); });
  const std::lock_guard lock(mutex_);
  Entry& entry = users_[user];
  by_age_.erase(entry.seen);
  entry.groups = std::move(groups), entry.seen = ++last_;
  by_age_[entry.seen] = user;
  if (users_.size() <= max_users_) return;
  users_.erase(by_age_.begin()->second);
  by_age_.erase(by_age_.begin());
}

std::vector<std::string> TokenGroups::Of(std::string_view user) const {
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(user);
  return found == users_.end() ? std::vector<std::string>() : found->second.groups;
}

}  // namespace atelier
