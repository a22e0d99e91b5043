#include "base/io/sha256.h"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

namespace atelier {
namespace {
constexpr size_t kReadBytes = 1 << 20;
}  // namespace

struct Sha256::State {
  explicit State(const EVP_MD* which) : digest(which), context(EVP_MD_CTX_new()) {
    CHECK(context != nullptr);
    Begin();
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void Begin() { CHECK(EVP_DigestInit_ex(context, digest, nullptr) == 1); }
  void Update(std::span<const std::byte> bytes) { CHECK(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1); }
  // The object is as new afterwards.
  std::string HexDigest() {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    CHECK(EVP_DigestFinal_ex(context, bytes, &size) == 1);
    Begin();
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) {
      hex += kDigits[bytes[i] >> 4];
      hex += kDigits[bytes[i] & 15];
    }
    return hex;
  }
  Result<void> UpdateFromFile(File& file) {
    std::vector<std::byte> buffer(kReadBytes);
    for (int64_t offset = 0;;) {
      TRY(const size_t got, file.ReadAt(offset, buffer));
      if (got == 0) return {};
      Update(std::span<const std::byte>(buffer).first(got));
      offset += static_cast<int64_t>(got);
    }
  }

  const EVP_MD* digest;
  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>(EVP_sha256())) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(std::span<const std::byte> bytes) { state_->Update(bytes); }

std::string Sha256::HexDigest() { return state_->HexDigest(); }

Result<std::string> Md5OfFile(File& file) {
  Sha256::State state(EVP_md5());
  TRY_VOID(state.UpdateFromFile(file));
  return state.HexDigest();
}

std::string Sha256Hex(std::string_view text) {
  Sha256 hash;
  hash.Update(text);
  return hash.HexDigest();
}

Result<std::string> Sha256OfFile(Files& files, const std::string& path) {
  TRY(auto file, files.Open(path, FileMode::kRead));
  Sha256::State state(EVP_sha256());
  TRY_VOID(state.UpdateFromFile(*file));
  return state.HexDigest();
}

Result<std::string> GitBlobIdOfFile(Files& files, const std::string& path) {
  TRY(auto file, files.Open(path, FileMode::kRead));
  TRY(const int64_t size, file->Size());
  Sha256::State state(EVP_sha1());
  const std::string head = "blob " + std::to_string(size);
  state.Update(std::as_bytes(std::span(head.c_str(), head.size() + 1)));
  TRY_VOID(state.UpdateFromFile(*file));
  return state.HexDigest();
}

bool IsSha256Hex(std::string_view text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace atelier
