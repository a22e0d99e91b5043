// SHA-256 [FIPS 180-4] by OpenSSL, as a stream. About 1.5 GB/s a core where the CPU has the instructions.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/io/files.h"
#include "base/result.h"

namespace atelier {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(std::span<const std::byte> bytes);
  void Update(std::string_view text) { Update(std::as_bytes(std::span(text))); }
  // 64 lower-case hexadecimal digits. The object is as new afterwards.
  std::string HexDigest();

  struct State;  // in sha256.cc

 private:
  std::unique_ptr<State> state_;
};

std::string Sha256Hex(std::string_view text);
Result<std::string> Sha256OfFile(Files& files, const std::string& path);
// The id that git gives a file's content: SHA-1 of "blob SIZE", a zero byte and the bytes; 40 hexadecimal digits. Names
// content that somebody else vouches for by that id; it is no protection against an attacker.
Result<std::string> GitBlobIdOfFile(Files& files, const std::string& path);
// 32 hexadecimal digits: what clients check uploads with; no protection against an attacker.
Result<std::string> Md5OfFile(File& file);
// Whether `text` is 64 hexadecimal digits in lower case.
bool IsSha256Hex(std::string_view text);

}  // namespace atelier
