// CHECK states what must hold if our own code is right. It stays on in every build: a broken
// invariant ends the process at once rather than damaging what it serves or stores. Bad input,
// files, networks and full disks are never CHECKed; they are Errors (result.h).
#pragma once

#include <string_view>

namespace atelier {

// Prints "file:line: CHECK failed: condition" to stderr and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, std::string_view note);

}  // namespace atelier

#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::atelier::CheckFailed(__FILE__, __LINE__, #condition, {}))
// The same with a sentence that says what the condition means.
#define CHECK_MSG(condition, note) \
  ((condition) ? static_cast<void>(0) : ::atelier::CheckFailed(__FILE__, __LINE__, #condition, note))
