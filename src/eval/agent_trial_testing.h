// For tests: where trials happen.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace atelier {

// In memory where there is such a place: hundreds of trials commit thousands of steps, and their durability is tested
// elsewhere.
inline std::string TrialFolder(const std::string& name) {
  std::error_code none;
  const bool in_memory = std::filesystem::is_directory("/dev/shm", none) && access("/dev/shm", W_OK) == 0;
  return (in_memory ? "/dev/shm" : ::testing::TempDir()) + ("/atelier_trial_" + std::to_string(getpid()) + "_" + name);
}

}  // namespace atelier
