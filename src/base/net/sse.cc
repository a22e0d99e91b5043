#include "base/net/sse.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace atelier {
namespace {

void AppendLines(std::string& out, std::string_view field, std::string_view text) {
  while (true) {
    const size_t end = text.find_first_of("\r\n");
    out.append(field).append(": ").append(text.substr(0, end)).append("\n");
    if (end == std::string_view::npos) return;
    const bool pair = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
    text.remove_prefix(end + (pair ? 2 : 1));
  }
}

std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c != '\r' && c != '\n' && c != '\0') line += c;
  }
  return line;
}

}  // namespace

std::string FormatSse(const SseEvent& event) {
  std::string out;
  if (!event.event.empty()) out += "event: " + OneLine(event.event) + "\n";
  if (!event.id.empty()) out += "id: " + OneLine(event.id) + "\n";
  if (event.retry_ms) out += "retry: " + std::to_string(*event.retry_ms) + "\n";
  AppendLines(out, "data", event.data);
  return out + "\n";
}

std::string FormatSse(std::string_view data) {
  std::string out;
  out.reserve(data.size() + 8);
  AppendLines(out, "data", data);
  return out += "\n";
}

std::string FormatSseComment(std::string_view text) { return ": " + OneLine(text) + "\n\n"; }

Result<std::vector<SseEvent>> SseParser::Feed(std::string_view bytes) {
  std::vector<SseEvent> events;
  while (!bytes.empty()) {
    if (after_cr_ && bytes.front() == '\n') bytes.remove_prefix(1);
    after_cr_ = false;
    const size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    line_.append(bytes.substr(0, end));
    if (static_cast<int64_t>(line_.size() + event_.data.size()) > max_event_bytes_) {
      return Error::TooLarge("SSE event", "got more than " + std::to_string(max_event_bytes_) + " bytes");
    }
    if (end == bytes.size()) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    TakeLine(line_, events);
    line_.clear();
  }
  return events;
}

void SseParser::TakeLine(std::string_view line, std::vector<SseEvent>& events) {
  if (std::exchange(at_start_, false) && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  if (line.empty()) {
    if (has_data_) {
      event_.data.pop_back();  // the last line's break
      event_.id = last_id_;
      events.push_back(std::move(event_));
    }
    event_ = {};
    has_data_ = false;
    return;
  }
  const size_t colon = std::min(line.find(':'), line.size());
  const std::string_view field = line.substr(0, colon);
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    event_.data.append(value).append("\n");
    has_data_ = true;
  } else if (field == "event") {
    event_.event = value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    last_id_ = value;
  } else if (field == "retry") {
    int64_t ms = 0;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), ms);
    if (code == std::errc() && end == value.data() + value.size() && ms >= 0) event_.retry_ms = ms;
  }
}

}  // namespace atelier
