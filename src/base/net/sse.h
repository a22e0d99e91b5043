// Server-sent events: formatting and incremental parsing.   [WHATWG HTML, section 9.2]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

struct SseEvent {
  std::string event;  // empty: "message"
  std::string data;
  std::string id;
  std::optional<int64_t> retry_ms;
};

// "data: …\n\n"; line breaks in data become several data lines. Line breaks in event or id are dropped.
std::string FormatSse(const SseEvent& event);
// The common case.
std::string FormatSse(std::string_view data);
// A comment that keeps proxies from closing a silent stream: ": text\n\n".
std::string FormatSseComment(std::string_view text);

// Cuts a stream of bytes into events, wherever the bytes were split. Not thread-safe.
class SseParser {
 public:
  explicit SseParser(int64_t max_event_bytes = 16 << 20) : max_event_bytes_(max_event_bytes) {}
  // Adds bytes and gives the events completed by them. Too long an event is an error.
  Result<std::vector<SseEvent>> Feed(std::string_view bytes);

 private:
  void TakeLine(std::string_view line, std::vector<SseEvent>& events);

  const int64_t max_event_bytes_;
  std::string line_;
  bool at_start_ = true;   // a byte-order mark may come
  bool after_cr_ = false;  // a '\n' would belong to the '\r' before
  bool has_data_ = false;
  SseEvent event_;
  std::string last_id_;
};

}  // namespace atelier
