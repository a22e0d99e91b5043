#include "base/io/sha256.h"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

namespace atelier {
namespace {
constexpr size_t kReadBytes = 1 << 20;
}  // namespace

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) { CHECK(context != nullptr); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void Begin() { CHECK(EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1); }

  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { state_->Begin(); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(std::span<const std::byte> bytes) {
  CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::HexDigest() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK(EVP_DigestFinal_ex(state_->context, digest, &size) == 1);
  CHECK(size == 32);
  state_->Begin();
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

std::string Sha256Hex(std::string_view text) {
  Sha256 hash;
  hash.Update(text);
  return hash.HexDigest();
}

Result<std::string> Sha256OfFile(Files& files, const std::string& path) {
  TRY(auto file, files.Open(path, FileMode::kRead));
  Sha256 hash;
  std::vector<std::byte> buffer(kReadBytes);
  for (int64_t offset = 0;;) {
    TRY(const size_t got, file->ReadAt(offset, buffer));
    if (got == 0) return hash.HexDigest();
    hash.Update(std::span<const std::byte>(buffer).first(got));
    offset += static_cast<int64_t>(got);
  }
}

bool IsSha256Hex(std::string_view text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace atelier
