#include "knowledge/load/text_encoding.h"

#include <iconv.h>
#include <uchardet/uchardet.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr size_t kLookedAtBytes = 64 << 10;  // for what kind of bytes they are
constexpr size_t kDetectedBytes = 1 << 20;   // for libuchardet, which is slow (10 MB/s)
constexpr size_t kMaxControlShare = 32;      // at most one control character in so many bytes

struct ByteOrderMark {
  std::string_view bytes;
  std::string_view encoding;
};
constexpr std::array<ByteOrderMark, 5> kMarks{{{"\xEF\xBB\xBF", "UTF-8"},
                                               {{"\xFF\xFE\0\0", 4}, "UTF-32LE"},
                                               {{"\0\0\xFE\xFF", 4}, "UTF-32BE"},
                                               {"\xFF\xFE", "UTF-16LE"},
                                               {"\xFE\xFF", "UTF-16BE"}}};

const ByteOrderMark* MarkOf(std::string_view bytes) {
  const auto* found = std::ranges::find_if(kMarks, [&](const ByteOrderMark& m) { return bytes.starts_with(m.bytes); });
  return found == kMarks.end() ? nullptr : found;
}

// UTF-16 without a mark: text in Latin letters has a zero in every second byte, and none in the others.
std::string_view Utf16ByZeros(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, kLookedAtBytes);
  std::array<size_t, 2> zeros{};
  for (size_t i = 0; i < head.size(); ++i) zeros[i % 2] += head[i] == '\0';
  if (head.size() < 4 || bytes.size() % 2 != 0) return {};
  const size_t many = head.size() / 4;  // half of the characters
  if (zeros[1] > many && zeros[0] * 64 < zeros[1]) return "UTF-16LE";
  if (zeros[0] > many && zeros[1] * 64 < zeros[0]) return "UTF-16BE";
  return {};
}

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x7F || (byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\x1B');
}

std::string Detected(std::string_view bytes) {
  const std::unique_ptr<uchardet, decltype(&uchardet_delete)> detector(uchardet_new(), uchardet_delete);
  if (detector == nullptr) return {};
  // The part that tells: from the first byte that is not ASCII.
  const auto other = std::ranges::find_if(bytes, [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
  const auto from = static_cast<size_t>(other - bytes.begin());
  const std::string_view part = bytes.substr(from > 256 ? from - 256 : 0, kDetectedBytes);
  if (uchardet_handle_data(detector.get(), part.data(), part.size()) != 0) return {};
  uchardet_data_end(detector.get());
  return uchardet_get_charset(detector.get());
}

std::string WithPlainLineEnds(std::string text) {
  size_t out = text.find('\r');
  if (out == std::string::npos) return text;
  for (size_t in = out; in < text.size(); ++in) {
    if (text[in] == '\r') {
      text[out++] = '\n';
      if (in + 1 < text.size() && text[in + 1] == '\n') ++in;
    } else {
      text[out++] = text[in];
    }
  }
  text.resize(out);
  return text;
}

DecodedText Made(std::string text, std::string_view encoding) {
  for (size_t at = text.find('\0'); at != std::string::npos; at = text.find('\0', at)) text.replace(at, 1, "\uFFFD");
  return {WithPlainLineEnds(std::move(text)), std::string(encoding)};
}

}  // namespace

std::optional<std::string> ConvertToUtf8(std::string_view bytes, std::string_view encoding) {
  if (encoding.empty() || encoding.find_first_of("/,") != std::string_view::npos) return std::nullopt;
  const iconv_t handle = iconv_open("UTF-8", std::string(encoding).c_str());
  if (handle == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
  const std::unique_ptr<void, decltype(&iconv_close)> closer(handle, iconv_close);
  std::string out;
  out.reserve(bytes.size());
  char* in = const_cast<char*>(bytes.data());  // iconv does not write to it
  size_t left = bytes.size();
  std::array<char, 16384> buffer;
  const size_t unit = encoding.starts_with("UTF-32") ? 4 : encoding.starts_with("UTF-16") ? 2 : 1;
  while (left > 0) {
    char* to = buffer.data();
    size_t room = buffer.size();
    const bool failed = iconv(handle, &in, &left, &to, &room) == static_cast<size_t>(-1);
    const bool full = failed && errno == E2BIG;
    out.append(buffer.data(), static_cast<size_t>(to - buffer.data()));
    if (failed && !full) {
      out += "\uFFFD";
      const size_t wrong = std::min(left, unit);
      in += wrong;
      left -= wrong;
    }
  }
  // What a stateful encoding still holds back.
  char* to = buffer.data();
  size_t room = buffer.size();
  iconv(handle, nullptr, nullptr, &to, &room);
  out.append(buffer.data(), static_cast<size_t>(to - buffer.data()));
  return ReplaceInvalidUtf8(out);
}

bool LooksLikeText(std::string_view bytes) {
  if (MarkOf(bytes) != nullptr || !Utf16ByZeros(bytes).empty()) return true;
  const std::string_view head = bytes.substr(0, kLookedAtBytes);
  if (head.find('\0') != std::string_view::npos) return false;
  return static_cast<size_t>(std::ranges::count_if(head, IsControl)) * kMaxControlShare <= head.size();
}

Result<DecodedText> DecodeText(std::string_view bytes, std::string_view declared) {
  if (const ByteOrderMark* mark = MarkOf(bytes)) {
    const std::string_view rest = bytes.substr(mark->bytes.size());
    if (mark->encoding == "UTF-8") return Made(ReplaceInvalidUtf8(rest), "UTF-8");
    if (auto text = ConvertToUtf8(rest, mark->encoding)) return Made(*std::move(text), mark->encoding);
  }
  if (!LooksLikeText(bytes)) return Error::Invalid({}, "got bytes that are no text in any encoding known here");
  const bool utf8 = IsValidUtf8(bytes);
  if (!declared.empty() && !utf8) {
    if (auto text = ConvertToUtf8(bytes, declared)) return Made(*std::move(text), declared);
  }
  if (const std::string_view utf16 = Utf16ByZeros(bytes); !utf16.empty()) {
    if (auto text = ConvertToUtf8(bytes, utf16)) return Made(*std::move(text), utf16);
  }
  if (utf8) return Made(std::string(bytes), "UTF-8");
  const std::string detected = Detected(bytes);
  // What is UTF-8 but for a few bytes is UTF-8, damaged or cut.
  if (detected == "UTF-8") return Made(ReplaceInvalidUtf8(bytes), "UTF-8");
  if (auto text = ConvertToUtf8(bytes, detected)) return Made(*std::move(text), detected);
  auto text = ConvertToUtf8(bytes, "WINDOWS-1252");
  return text ? Made(*std::move(text), "WINDOWS-1252") : Made(ReplaceInvalidUtf8(bytes), "UTF-8");
}

}  // namespace atelier
