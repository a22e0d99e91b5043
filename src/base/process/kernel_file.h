// Files of /proc and /sys: made when they are read, so that their size says nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace atelier {

// Up to 1 MiB; empty where it cannot be read.
std::string ReadKernelFile(const std::string& path);
// The first number after `key` in a text of lines, in the file's unit; -1 where there is none.
int64_t NumberAfter(std::string_view text, std::string_view key);

}  // namespace atelier
