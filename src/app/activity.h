// Generations under way, for whoever wants to watch (/slots). Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "provider/language_model.h"

namespace atelier {

struct ActiveGeneration {
  int64_t number = 0;  // counts up from 1
  std::string model;
  GenerationOptions options;
  int64_t num_prompt_tokens = 0;
  int64_t num_generated = 0;  // over all choices, so far
  bool any_new_line = false;
};

class Activity {
 public:
  // On the list until the last reference goes; whoever holds it keeps it up to date.
  std::shared_ptr<ActiveGeneration> Begin(std::string model, const GenerationOptions& options,
                                          int64_t num_prompt_tokens);
  // In order of their beginning.
  std::vector<std::shared_ptr<const ActiveGeneration>> List();

 private:
  std::vector<std::weak_ptr<const ActiveGeneration>> all_;
  int64_t num_begun_ = 0;
};

}  // namespace atelier
