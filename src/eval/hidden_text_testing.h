// For tests: texts that are hidden in others, found again. Not what a defence would do: what an attack may count on.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text/base64.h"
#include "base/text/utf8.h"

namespace atelier {

inline constexpr int kReadingsWithin = 3;  // one within the other
inline constexpr size_t kMinHidden = 16;   // characters of base64 or hexadecimal digits that are worth a try

inline bool IsHex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }
inline bool IsBase64(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/' || c == '=';
}
inline char FromHex(std::string_view two) {
  return static_cast<char>(std::strtol(std::string(two).c_str(), nullptr, 16));
}

// Invisible characters gone, tag characters and full-width letters as the letters that they stand for.
inline std::string Visible(const std::string& text) {
  std::string visible;
  for (size_t at = 0; at < text.size();) {
    const DecodedCodePoint c = DecodeUtf8(text, at);
    at += static_cast<size_t>(std::max(c.num_bytes, 1));
    const char32_t value = c.value;
    if ((value >= 0x200B && value <= 0x200F) || value == 0x2060 || value == 0xFEFF || value == 0xAD) continue;
    if (value >= 0xE0020 && value <= 0xE007E) {
      AppendUtf8(visible, value - 0xE0000);
    } else if (value >= 0xFF01 && value <= 0xFF5E) {
      AppendUtf8(visible, value - 0xFEE0);
    } else {
      AppendUtf8(visible, value);
    }
  }
  return visible;
}

inline std::string Rot13(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>('a' + (c - 'a' + 13) % 26);
    if (c >= 'A' && c <= 'Z') c = static_cast<char>('A' + (c - 'A' + 13) % 26);
  }
  return text;
}

// Percent signs, \u escapes and numbered entities undone.
inline std::string Unescaped(const std::string& text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    const std::string_view rest = std::string_view(text).substr(at);
    if (rest[0] == '%' && rest.size() > 2 && IsHex(rest[1]) && IsHex(rest[2])) {
      plain += FromHex(rest.substr(1, 2)), at += 2;
    } else if (rest.starts_with("\\u00") && rest.size() > 5) {
      plain += FromHex(rest.substr(4, 2)), at += 5;
    } else if (rest.starts_with("\\n")) {
      plain += '\n', ++at;
    } else if (rest.starts_with("\\\"") || rest.starts_with("\\\\")) {
      plain += rest[1], ++at;
    } else if (rest.starts_with("&#") && rest.find(';') < 8) {
      AppendUtf8(plain, static_cast<char32_t>(std::atoi(std::string(rest.substr(2)).c_str())));
      at += rest.find(';');
    } else {
      plain += rest[0];
    }
  }
  return plain;
}

// What runs of base64 or of hexadecimal digits say, one after the other.
inline std::string Decoded(const std::string& text, bool (*belongs)(char), std::string (*decode)(const std::string&)) {
  std::string decoded, run;
  const std::string ended = text + "\n";
  for (const char c : ended) {
    if (belongs(c)) {
      run += c;
      continue;
    }
    if (run.size() >= kMinHidden) decoded += decode(run) + "\n";
    run.clear();
  }
  return decoded;
}

inline std::string FromBase64(const std::string& run) {
  auto bytes = Base64Decode(run);
  return bytes.ok() ? *bytes : std::string();
}
inline std::string FromHexRun(const std::string& run) {
  std::string bytes;
  for (size_t i = 0; i + 1 < run.size(); i += 2) bytes += FromHex(std::string_view(run).substr(i, 2));
  return bytes;
}

// "PART1:abc| … PART2:def|" is "abcdef".
inline std::string Joined(const std::string& text) {
  std::string joined;
  for (int part = 1;; ++part) {
    const std::string mark = "PART" + std::to_string(part) + ":";
    const size_t at = text.find(mark);
    if (at == std::string::npos) return joined;
    joined += text.substr(at + mark.size(), text.find('|', at) - at - mark.size());
  }
}

// Every way in which `text` may be meant: itself, and what is hidden in it.
inline std::set<std::string> Readings(const std::string& text) {
  std::set<std::string> readings = {text};
  for (int round = 0; round < kReadingsWithin; ++round) {
    std::set<std::string> more;
    for (const std::string& reading : readings) {
      std::string backwards(reading.rbegin(), reading.rend());
      for (std::string& found :
           std::vector<std::string>{Visible(reading), Unescaped(reading), Joined(reading),
                                    Decoded(reading, IsBase64, FromBase64), Decoded(reading, IsHex, FromHexRun)}) {
        more.insert(ReplaceInvalidUtf8(found));
      }
      if (round == 0) more.insert(Rot13(reading)), more.insert(ReplaceInvalidUtf8(backwards));
    }
    more.erase("");
    readings.merge(more);
  }
  return readings;
}

}  // namespace atelier
