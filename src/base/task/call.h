// Call travels with every long piece of work: how it is told to stop, until when its answer is
// wanted, for whom it runs and under which span it is recorded. Cheap to copy.
#pragma once

#include <array>
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/clock.h"

namespace atelier {

// Which span the work belongs to (W3C Trace Context). All zeros: none.
struct SpanContext {
  std::array<uint8_t, 16> trace_id{};
  std::array<uint8_t, 8> span_id{};
  bool valid() const { return trace_id != std::array<uint8_t, 16>{}; }
};

struct Call {
  static constexpr Clock::TimePoint kNoDeadline = Clock::TimePoint::max();

  std::stop_token stop;                     // requested by a lost client, a deadline or a drain
  Clock::TimePoint deadline = kNoDeadline;  // when the answer stops being wanted
  std::string principal;                    // the API key's name; empty: anonymous
  std::string request_id;                   // X-Request-Id
  SpanContext span;

  bool stopped(Clock::TimePoint now) const { return stop.stop_requested() || now >= deadline; }
};

}  // namespace atelier
