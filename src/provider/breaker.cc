#include "provider/breaker.h"

namespace atelier {

bool Breaker::Admit(TimePoint now) {
  if (now < not_before_ || trying_) return false;
  trying_ = open_;
  return true;
}

void Breaker::Succeed() {
  failures_ = 0;
  open_ = trying_ = false;
}

void Breaker::Fail(TimePoint now) {
  trying_ = false;
  ++failures_;
  if (max_failures_ == 0 || failures_ < max_failures_) return;
  open_ = true;
  not_before_ = std::max(not_before_, now + rest_);
}

std::optional<Breaker::TimePoint> Breaker::ReadyAt(TimePoint now) const {
  if (now < not_before_) return not_before_;
  return std::nullopt;
}

}  // namespace atelier
