#include "knowledge/load/html_tree.h"

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <vector>

namespace atelier {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr size_t kBlockBytes = 1 << 20;
constexpr size_t kBaseBytes = 64 << 20;
constexpr size_t kBytesPerByte = 64;
constexpr size_t kMaxBytes = size_t{1} << 30;
constexpr int kAllocationsPerLook = 256;  // at the clock

}  // namespace

// gumbo frees its tree by recursion, and has no limits. Here nothing is freed but all at once, and an allocation that
// is too much, or too late, leaves the parser by longjmp: all frames between are C's.
class HtmlTree::Arena {
 public:
  Arena(size_t max_bytes, SteadyClock::time_point deadline) : left_(max_bytes), deadline_(deadline) {}

  enum class Outcome : uint8_t { kParsed, kTooLarge, kTimeout };

  Outcome Run(std::string_view html) {
    GumboOptions options = kGumboDefaultOptions;
    options.userdata = this;
    options.allocator = [](void* self, size_t size) { return static_cast<Arena*>(self)->Allocate(size); };
    options.deallocator = [](void*, void*) {};
    options.max_errors = 0;
    const int escaped = setjmp(escape_);
    if (escaped != 0) return static_cast<Outcome>(escaped);
    output_ = gumbo_parse_with_options(&options, html.data(), html.size());
    return Outcome::kParsed;
  }
  const GumboNode* root() const { return output_->root; }

 private:
  void* Allocate(size_t size) {
    if (++allocations_ % kAllocationsPerLook == 0 && SteadyClock::now() > deadline_) {
      std::longjmp(escape_, static_cast<int>(Outcome::kTimeout));
    }
    constexpr size_t kAlign = alignof(std::max_align_t);
    size = (std::max<size_t>(size, 1) + kAlign - 1) / kAlign * kAlign;
    if (size > left_) std::longjmp(escape_, static_cast<int>(Outcome::kTooLarge));
    left_ -= size;
    if (size > kBlockBytes / 4) return New(size);
    if (size > room_) {
      next_ = New(kBlockBytes);
      room_ = kBlockBytes;
    }
    std::byte* const place = next_;
    next_ += size;
    room_ -= size;
    return place;
  }
  std::byte* New(size_t size) {
    blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
    return blocks_.back().get();
  }

  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::byte* next_ = nullptr;
  size_t room_ = 0;
  size_t left_;
  int64_t allocations_ = 0;
  const SteadyClock::time_point deadline_;
  std::jmp_buf escape_;
  GumboOutput* output_ = nullptr;
};

HtmlTree::HtmlTree(std::unique_ptr<Arena> arena, const GumboNode* root) : arena_(std::move(arena)), root_(root) {}
HtmlTree::HtmlTree(HtmlTree&&) noexcept = default;
HtmlTree& HtmlTree::operator=(HtmlTree&&) noexcept = default;
HtmlTree::~HtmlTree() = default;

Result<HtmlTree> HtmlTree::Parse(std::string_view html, std::chrono::milliseconds time) {
  const size_t max_bytes = std::min(kMaxBytes, kBaseBytes + kBytesPerByte * html.size());
  auto arena = std::make_unique<Arena>(max_bytes, SteadyClock::now() + time);
  switch (arena->Run(html)) {
    case Arena::Outcome::kTooLarge:
      return Error::TooLarge({}, "the page's tree needs more than " + std::to_string(max_bytes) + " bytes");
    case Arena::Outcome::kTimeout:
      return Error::Timeout({}, "the page is still being parsed after " + std::to_string(time.count()) + " ms");
    case Arena::Outcome::kParsed: break;
  }
  const GumboNode* root = arena->root();
  return HtmlTree(std::move(arena), root);
}

}  // namespace atelier
