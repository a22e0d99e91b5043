#include "base/net/multipart.h"

#include <algorithm>

#include "base/net/http.h"

namespace atelier {
namespace {

constexpr std::string_view kLine = "\r\n";
constexpr size_t kMaxBoundaryBytes = 70;  // RFC 2046

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return lower;
}

// "type; a=b; c=\"d;e\"" cut at its semicolons and unquoted.
struct HeaderValue {
  std::string type;  // lower case
  HttpParameters parameters;

  const std::string* Find(std::string_view name) const {
    for (const auto& [key, value] : parameters) {
      if (key == name) return &value;
    }
    return nullptr;
  }
};

// A quoted string from its opening quote on; `at` comes to stand behind it.
std::string ReadQuoted(std::string_view text, size_t& at) {
  std::string value;
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    const bool escape = text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\');
    if (escape) ++at;
    value += text[at];
  }
  at = std::min(at + 1, text.size());
  return value;
}

HeaderValue ReadHeaderValue(std::string_view text) {
  HeaderValue header;
  size_t at = std::min(text.find(';'), text.size());
  header.type = Lower(Trimmed(text.substr(0, at)));
  while (at < text.size()) {
    const size_t equals = text.find('=', at);
    if (equals == std::string_view::npos) break;
    const std::string name = Lower(Trimmed(text.substr(at + 1, equals - at - 1)));
    at = equals + 1;
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
    std::string value;
    if (at < text.size() && text[at] == '"') {
      value = ReadQuoted(text, at);
      at = std::min(text.find(';', at), text.size());
    } else {
      const size_t end = std::min(text.find(';', at), text.size());
      value = Trimmed(text.substr(at, end - at));
      at = end;
    }
    header.parameters.emplace_back(name, std::move(value));
  }
  return header;
}

// Browsers and today's clients write these three bytes so within quotes.   [HTML, "multipart/form-data"]
std::string Unescaped(std::string text) {
  static constexpr std::pair<std::string_view, char> kEscapes[] = {{"%22", '"'}, {"%0D", '\r'}, {"%0A", '\n'}};
  for (const auto& [escape, byte] : kEscapes) {
    for (size_t at = 0; (at = text.find(escape, at)) != std::string::npos; ++at) text.replace(at, 3, 1, byte);
  }
  return text;
}

// "UTF-8''a%20b"   [RFC 8187]; RFC 7578 forbids it in forms, and some clients send it all the same.
std::optional<std::string> ExtendedValue(const std::string& text) {
  const size_t first = text.find('\'');
  const size_t second = first == std::string::npos ? first : text.find('\'', first + 1);
  if (second == std::string::npos || Lower(std::string_view(text).substr(0, first)) != "utf-8") return std::nullopt;
  return PercentDecode(std::string_view(text).substr(second + 1), false);
}

Result<MultipartPart> ReadPartHead(std::string_view head) {
  MultipartPart part;
  bool any_disposition = false;
  while (!head.empty()) {
    const size_t end = std::min(head.find(kLine), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + kLine.size(), head.size()));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return Error::Invalid("multipart", "got a line without a colon in a part's head, want 'Name: value'");
    }
    const std::string name = Lower(Trimmed(line.substr(0, colon)));
    const std::string_view value = Trimmed(line.substr(colon + 1));
    if (name == "content-type") part.content_type = value;
    if (name != "content-disposition") continue;
    any_disposition = true;
    const HeaderValue disposition = ReadHeaderValue(value);
    const std::string* field = disposition.Find("name");
    if (disposition.type != "form-data" || !field || field->empty()) {
      return Error::Invalid("multipart", "got a part without a name, want Content-Disposition: form-data; name=\"…\"");
    }
    part.name = Unescaped(*field);
    if (const std::string* filename = disposition.Find("filename")) part.filename = Unescaped(*filename);
    if (const std::string* extended = disposition.Find("filename*")) {
      if (auto decoded = ExtendedValue(*extended)) part.filename = std::move(decoded);
    }
  }
  if (any_disposition) return part;
  return Error::Invalid("multipart", "got a part without Content-Disposition, want form-data; name=\"…\"");
}

}  // namespace

Result<std::string> MultipartBoundary(std::string_view content_type) {
  const HeaderValue header = ReadHeaderValue(content_type);
  if (header.type != "multipart/form-data") {
    return Error::Invalid("Content-Type",
                          "got '" + std::string(content_type.substr(0, 100)) + "', want multipart/form-data")
        .WithCode("unsupported_media_type");
  }
  const std::string* boundary = header.Find("boundary");
  if (!boundary || boundary->empty() || boundary->size() > kMaxBoundaryBytes) {
    return Error::Invalid("Content-Type", "got no boundary of 1 to 70 characters, want boundary=…");
  }
  return *boundary;
}

MultipartReader::MultipartReader(std::string_view boundary, MultipartSink& sink)
    : delimiter_("\r\n--" + std::string(boundary)), sink_(sink) {
  CHECK(!boundary.empty());
}

Result<void> MultipartReader::Feed(std::string_view bytes) {
  if (state_ == State::kDone) return {};
  pending_.append(bytes);
  while (true) {
    TRY(const bool more, Step());
    if (!more) return {};
  }
}

Result<void> MultipartReader::End() const {
  if (state_ == State::kDone) return {};
  return Error::Invalid("multipart", "got the end of the body, want the closing boundary first");
}

Result<bool> MultipartReader::Step() {
  switch (state_) {
    case State::kPreamble: return ReadPreamble();
    case State::kAfterBoundary: return ReadAfterBoundary();
    case State::kHead: return ReadHead();
    case State::kData: return ReadData();
    case State::kDone: break;
  }
  pending_.clear();
  return false;
}

Result<bool> MultipartReader::ReadPreamble() {
  const size_t found = pending_.find(delimiter_);
  if (found == std::string::npos) {
    // The end may be the beginning of a boundary.
    if (pending_.size() >= delimiter_.size()) pending_.erase(0, pending_.size() - delimiter_.size() + 1);
    return false;
  }
  pending_.erase(0, found + delimiter_.size());
  state_ = State::kAfterBoundary;
  return true;
}

// "--" ends the form; else spaces and a line end, which stays for ReadHead. Of spaces one is kept until it is known
// what follows them, so that a "--" that comes in a later piece is still behind one.
Result<bool> MultipartReader::ReadAfterBoundary() {
  if (pending_.starts_with("--")) {
    state_ = State::kDone;
    return true;
  }
  const size_t num_blanks = std::min(pending_.find_first_not_of(" \t"), pending_.size());
  if (num_blanks > 1) pending_.erase(0, num_blanks - 1);
  const size_t begin = std::min<size_t>(num_blanks, 1);
  if (pending_.size() < begin + kLine.size()) return false;
  pending_.erase(0, begin);
  if (!pending_.starts_with(kLine)) {
    return Error::Invalid("multipart", "got text behind a boundary, want the end of the line");
  }
  state_ = State::kHead;
  return true;
}

Result<bool> MultipartReader::ReadHead() {
  const size_t end = pending_.find("\r\n\r\n");
  if (std::min(end, pending_.size()) > kMaxHeadBytes) {
    return Error::Invalid("multipart", "got a part's head of over " + std::to_string(kMaxHeadBytes) + " bytes");
  }
  if (end == std::string::npos) return false;
  if (++num_parts_ > kMaxParts) {
    return Error::Invalid("multipart", "got more than " + std::to_string(kMaxParts) + " parts");
  }
  TRY(const MultipartPart part,
      ReadPartHead(std::string_view(pending_).substr(0, end).substr(std::min<size_t>(end, 2))));
  pending_.erase(0, end + 2 * kLine.size());
  TRY_VOID(sink_.OnPart(part));
  state_ = State::kData;
  return true;
}

Result<bool> MultipartReader::ReadData() {
  const size_t found = pending_.find(delimiter_);
  const bool whole = found != std::string::npos;
  const size_t kept = std::min(pending_.size(), delimiter_.size() - 1);
  const size_t num_bytes = whole ? found : pending_.size() - kept;
  if (num_bytes > 0) TRY_VOID(sink_.OnData(std::string_view(pending_).substr(0, num_bytes)));
  pending_.erase(0, num_bytes + (whole ? delimiter_.size() : 0));
  if (!whole) return false;
  TRY_VOID(sink_.OnPartEnd());
  state_ = State::kAfterBoundary;
  return true;
}

}  // namespace atelier
