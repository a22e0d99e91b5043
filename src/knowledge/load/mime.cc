#include "knowledge/load/mime.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/text/unicode.h"
#include "base/text/utf8.h"
#include "knowledge/load/text_encoding.h"

namespace atelier {
namespace {

constexpr int kMaxDepth = 20;
constexpr int kMaxParts = 1'000;
constexpr size_t kMaxHeaders = 1'000;
constexpr size_t kMaxHeaderBytes = 64 << 10;  // of one value

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string AsUtf8(std::string_view bytes, std::string_view charset) {
  if (auto text = ConvertToUtf8(bytes, charset)) return *std::move(text);
  const auto decoded = DecodeText(bytes);
  return decoded.ok() ? decoded->text : ReplaceInvalidUtf8(bytes);
}

// Lines up to the first empty one; a line that begins with white space goes on with the one before.
size_t ReadHeaders(std::string_view text, std::vector<std::pair<std::string, std::string>>& headers) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    at = std::min(end + 1, text.size());
    if (line.empty()) return at;
    if ((line[0] == ' ' || line[0] == '\t') && !headers.empty()) {
      std::string& value = headers.back().second;
      if (value.size() < kMaxHeaderBytes) value.append(" ").append(Trim(line));
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (headers.size() >= kMaxHeaders) continue;
    headers.emplace_back(LowerCase(Trim(line.substr(0, colon))),
                         Trim(line.substr(colon + 1).substr(0, kMaxHeaderBytes)));
  }
  return at;
}

// Parameters of "text/plain; charset=utf-8; name*0*=utf-8''a%20; name*1=b": by name in lower case, joined and decoded.
std::map<std::string, std::string> ParametersOf(std::string_view value) {
  std::map<std::string, std::string> parameters;
  std::map<std::string, std::string> charsets;
  size_t at = std::min(value.find(';'), value.size());
  while (at < value.size()) {
    const size_t equals = value.find('=', at);
    if (equals == std::string_view::npos) break;
    std::string name = LowerCase(Trim(value.substr(at + 1, equals - at - 1)));
    std::string text;
    size_t i = equals + 1;
    while (i < value.size() && value[i] == ' ') ++i;
    if (i < value.size() && value[i] == '"') {
      for (++i; i < value.size() && value[i] != '"'; ++i) {
        if (value[i] == '\\' && i + 1 < value.size()) ++i;
        text += value[i];
      }
      i = std::min(value.find(';', i), value.size());
    } else {
      const size_t end = std::min(value.find(';', i), value.size());
      text = Trim(value.substr(i, end - i));
      i = end;
    }
    at = i;
    const size_t star = name.find('*');
    const bool encoded = name.ends_with('*');
    const bool first = star == std::string::npos || name.substr(star) == "*" || name.substr(star).starts_with("*0");
    if (star != std::string::npos) name.resize(star);
    if (encoded && first) {
      const size_t quote = text.find('\'');
      const size_t second = quote == std::string::npos ? quote : text.find('\'', quote + 1);
      if (second != std::string::npos) {
        charsets[name] = text.substr(0, quote);
        text = text.substr(second + 1);
      }
    }
    if (encoded) {
      std::string bytes;
      for (size_t k = 0; k < text.size(); ++k) {
        const bool escape =
            text[k] == '%' && k + 2 < text.size() && HexValue(text[k + 1]) >= 0 && HexValue(text[k + 2]) >= 0;
        bytes += escape ? static_cast<char>(HexValue(text[k + 1]) * 16 + HexValue(text[k + 2])) : text[k];
        k += escape ? 2 : 0;
      }
      text = std::move(bytes);
    }
    if (parameters[name].size() < kMaxHeaderBytes) parameters[name] += text;
  }
  for (const auto& [name, charset] : charsets) parameters[name] = AsUtf8(parameters[name], charset);
  return parameters;
}

// Bodies between lines "--BOUNDARY".
std::vector<std::string_view> SplitParts(std::string_view body, const std::string& boundary) {
  std::vector<std::string_view> parts;
  const std::string mark = "--" + boundary;
  std::optional<size_t> open;
  for (size_t at = 0; at <= body.size();) {
    const bool line_start = at == 0 || body[at - 1] == '\n';
    if (line_start && body.substr(at).starts_with(mark)) {
      if (open) {
        std::string_view part = body.substr(*open, at - *open);
        if (part.ends_with('\n')) part.remove_suffix(1);
        if (part.ends_with('\r')) part.remove_suffix(1);
        parts.push_back(part);
        open.reset();
      }
      if (body.substr(at + mark.size()).starts_with("--")) return parts;
      const size_t end = body.find('\n', at);
      if (end == std::string_view::npos) return parts;
      at = end + 1;
      open = at;
      continue;
    }
    const size_t next = body.find("\n--", at);
    if (next == std::string_view::npos) break;
    at = next + 1;
  }
  if (open) parts.push_back(body.substr(*open));
  return parts;
}

MimePart Parse(std::string_view message, int depth, int& parts_left) {
  MimePart part;
  const size_t body_at = ReadHeaders(message, part.headers);
  const auto raw = [&](std::string_view name) -> std::string_view {
    const auto found = std::ranges::find(part.headers, name, &std::pair<std::string, std::string>::first);
    return found == part.headers.end() ? std::string_view() : std::string_view(found->second);
  };
  part.encoded = message.substr(body_at);
  part.encoding = LowerCase(Trim(raw("content-transfer-encoding")));
  const std::string_view content_type = raw("content-type");
  if (!content_type.empty()) part.type = LowerCase(Trim(content_type.substr(0, content_type.find(';'))));
  auto parameters = ParametersOf(content_type);
  part.charset = parameters["charset"];
  const std::string_view disposition = raw("content-disposition");
  part.attachment = LowerCase(disposition.substr(0, 10)) == "attachment";
  part.file_name = DecodeEncodedWords(ParametersOf(disposition)["filename"]);
  if (part.file_name.empty()) part.file_name = DecodeEncodedWords(parameters["name"]);
  if (!part.type.starts_with("multipart/") || depth >= kMaxDepth || parameters["boundary"].empty()) return part;
  for (const std::string_view inner : SplitParts(part.encoded, parameters["boundary"])) {
    if (--parts_left < 0) break;
    part.parts.push_back(Parse(inner, depth + 1, parts_left));
  }
  return part;
}

}  // namespace

std::string MimePart::Header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return found == headers.end() ? std::string() : DecodeEncodedWords(found->second);
}

std::string MimePart::Body() const {
  if (encoding == "base64") return DecodeLooseBase64(encoded);
  if (encoding == "quoted-printable") return DecodeQuotedPrintable(encoded);
  return std::string(encoded);
}

MimePart ParseMime(std::string_view message) {
  int parts_left = kMaxParts;
  return Parse(message, 0, parts_left);
}

std::string DecodeQuotedPrintable(std::string_view text, bool underscore_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' && underscore_is_space) {
      out += ' ';
    } else if (text[i] != '=') {
      out += text[i];
    } else if (i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      // A soft end of line, perhaps behind white space; anything else stands for itself.
      const size_t end = text.find_first_not_of(" \t\r", i + 1);
      if (end != std::string_view::npos && text[end] == '\n')
        i = end;
      else if (end == std::string_view::npos)
        i = text.size();
      else
        out += '=';
    }
  }
  return out;
}

std::string DecodeLooseBase64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  uint32_t bits = 0;
  int num_bits = 0;
  for (const char c : text) {
    int value = -1;
    if (c >= 'A' && c <= 'Z') value = c - 'A';
    if (c >= 'a' && c <= 'z') value = c - 'a' + 26;
    if (c >= '0' && c <= '9') value = c - '0' + 52;
    if (c == '+' || c == '-') value = 62;
    if (c == '/' || c == '_') value = 63;
    if (value < 0) continue;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    num_bits += 6;
    if (num_bits < 8) continue;
    num_bits -= 8;
    out += static_cast<char>((bits >> num_bits) & 0xFF);
  }
  return out;
}

std::string DecodeEncodedWords(std::string_view text) {
  std::string out;
  bool last_was_word = false;
  while (!text.empty()) {
    const size_t begin = text.find("=?");
    const size_t charset_end = begin == std::string_view::npos ? begin : text.find('?', begin + 2);
    const bool complete =
        charset_end != std::string_view::npos && charset_end + 2 < text.size() && text[charset_end + 2] == '?';
    const size_t end = complete ? text.find("?=", charset_end + 3) : std::string_view::npos;
    if (end == std::string_view::npos) break;
    const std::string_view between = text.substr(0, begin);
    // White space between two encoded words is none of the text.
    if (!last_was_word || !Trim(between).empty())
      out += IsValidUtf8(between) ? std::string(between) : AsUtf8(between, {});
    std::string_view charset = text.substr(begin + 2, charset_end - begin - 2);
    charset = charset.substr(0, charset.find('*'));
    const std::string_view word = text.substr(charset_end + 3, end - charset_end - 3);
    const bool base64 = text[charset_end + 1] == 'B' || text[charset_end + 1] == 'b';
    out += AsUtf8(base64 ? DecodeLooseBase64(word) : DecodeQuotedPrintable(word, true), charset);
    text.remove_prefix(end + 2);
    last_was_word = true;
  }
  return out + (IsValidUtf8(text) ? std::string(text) : AsUtf8(text, {}));
}

}  // namespace atelier
