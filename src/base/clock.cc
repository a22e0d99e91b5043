#include "base/clock.h"

#include <cstdio>
#include <ctime>

namespace atelier {
namespace {

class RealClock final : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  int64_t UnixNanos() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

}  // namespace

const Clock& Clock::Real() {
  static const RealClock clock;
  return clock;
}

std::string UtcText(int64_t unix_nanos) {
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t fraction = (unix_nanos % kSecond + kSecond) % kSecond;
  const std::time_t seconds = (unix_nanos - fraction) / kSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[48];
  size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  if (fraction != 0)
    size += std::snprintf(text + size, sizeof text - size, ".%09lld", static_cast<long long>(fraction));
  return std::string(text, size) + "Z";
}

}  // namespace atelier
