// The kind of a model that keeps nothing between steps: an encoder. Everything fits, nothing is shared.
#include "engine/cache/attention_blocks.h"

namespace atelier {
namespace {

class NoCache final : public CacheKind {
 public:
  std::unique_ptr<CacheHold> Open() override { return std::make_unique<CacheHold>(); }
  PrefixScope Scope(std::string_view, std::string_view, std::string_view) override { return {}; }
  int64_t LongestHit(PrefixScope, std::span<const int32_t>) const override { return 0; }
  void Adopt(CacheHold&, PrefixScope, std::span<const int32_t>, int64_t) override {}
  bool Grow(CacheHold&, int64_t) override { return true; }
  bool Fork(const CacheHold&, CacheHold&, int64_t) override { return true; }
  void Publish(CacheHold&, PrefixScope, std::span<const int32_t>) override {}
  void Release(CacheHold&) override {}
  std::span<const int32_t> Table(const CacheHold&) const override { return {}; }
  std::byte* base() const override { return nullptr; }
  int64_t block_bytes() const override { return 0; }
  int64_t BlocksFor(int64_t) const override { return 0; }
  int32_t num_blocks() const override { return 0; }
  int32_t num_free() const override { return 0; }
  int32_t num_cached() const override { return 0; }
  int64_t num_evictions() const override { return 0; }
  void CheckInvariants(std::span<const CacheHold* const>) const override {}
};

}  // namespace

std::unique_ptr<CacheKind> MakeNoCache() { return std::make_unique<NoCache>(); }

}  // namespace atelier
