#include "app/activity.h"

#include <utility>

namespace atelier {

std::shared_ptr<ActiveGeneration> Activity::Begin(std::string model, const GenerationOptions& options,
                                                  int64_t num_prompt_tokens) {
  auto active = std::make_shared<ActiveGeneration>();
  active->number = ++num_begun_;
  active->model = std::move(model);
  active->options = options;
  active->num_prompt_tokens = num_prompt_tokens;
  std::erase_if(all_, [](const auto& one) { return one.expired(); });
  all_.push_back(active);
  return active;
}

std::vector<std::shared_ptr<const ActiveGeneration>> Activity::List() {
  std::vector<std::shared_ptr<const ActiveGeneration>> list;
  for (const auto& one : all_) {
    if (auto active = one.lock()) list.push_back(std::move(active));
  }
  return list;
}

}  // namespace atelier
