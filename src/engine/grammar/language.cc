#include "engine/grammar/language.h"

#include "engine/grammar/language_impl.h"

namespace atelier {

using language::kInfinite;

namespace {

std::vector<LanguageId> Copy(std::span<const LanguageId> parts) { return {parts.begin(), parts.end()}; }

}  // namespace

Languages::Languages() : impl_(std::make_unique<Impl>()) {}
Languages::~Languages() = default;

LanguageId Languages::Byte(const ByteSet& bytes) { return impl_->Bytes(bytes); }
LanguageId Languages::Literal(std::string_view bytes) { return impl_->Literal(bytes); }
LanguageId Languages::Words(std::vector<std::string> words) { return impl_->Words(std::move(words)); }
LanguageId Languages::Listed(std::unique_ptr<ListedLanguage> language) { return impl_->Listed(std::move(language)); }
LanguageId Languages::Chars(int64_t min, std::optional<int64_t> max) {
  return impl_->Chars(std::max<int64_t>(0, min), max.value_or(kInfinite));
}
std::optional<Languages::CharRange> Languages::AsChars(LanguageId state) const {
  const language::Node& node = impl_->node(state);
  if (node.kind != language::NodeKind::kChars || node.a != language::kUtf8Whole) return std::nullopt;
  return CharRange{node.lo, node.hi};
}

Languages::WordList Languages::AsWords(LanguageId state) const { return impl_->AsWords(state); }

LanguageId Languages::Concat(LanguageId first, LanguageId second) { return impl_->Concat(first, second); }
LanguageId Languages::Or(std::span<const LanguageId> parts) { return impl_->Or(Copy(parts)); }
LanguageId Languages::And(std::span<const LanguageId> parts) {
  // Of no parts: no restriction.
  return parts.empty() ? kAnyText : impl_->And(Copy(parts));
}
LanguageId Languages::Not(LanguageId part) { return impl_->Not(part); }
LanguageId Languages::Repeat(LanguageId part, int64_t min, std::optional<int64_t> max) {
  return impl_->Repeat(part, std::max<int64_t>(0, min), max.value_or(kInfinite));
}

LanguageId Languages::Next(LanguageId state, uint8_t byte) { return impl_->Next(state, byte); }
bool Languages::Accepts(LanguageId state) { return impl_->Accepts(state); }
bool Languages::IsNothing(LanguageId state) { return impl_->IsNothing(state); }

ByteSet Languages::NextBytes(LanguageId state) {
  const language::ByteClasses& classes = impl_->ClassesOf(state);
  std::array<bool, 256> alive{};
  for (size_t i = 0; i < classes.sample.size(); ++i) {
    alive[i] = !impl_->IsNothing(impl_->Next(state, classes.sample[i]));
  }
  ByteSet bytes;
  for (int byte = 0; byte < 256; ++byte) bytes[byte] = alive[classes.of[byte]];
  return bytes;
}

ByteSet Languages::LoopBytes(LanguageId state) {
  const language::ByteClasses& classes = impl_->ClassesOf(state);
  std::array<bool, 256> loops{};
  for (size_t i = 0; i < classes.sample.size(); ++i) loops[i] = impl_->Next(state, classes.sample[i]) == state;
  ByteSet bytes;
  for (int byte = 0; byte < 256; ++byte) bytes[byte] = loops[classes.of[byte]];
  return bytes;
}

uint8_t Languages::LastAlike(LanguageId state, uint8_t byte, uint8_t last) {
  const auto& of = impl_->ClassesOf(state).of;
  const uint8_t kind = of[byte];
  while (byte < last && of[byte + 1] == kind) ++byte;
  return byte;
}

bool Languages::TakesAnyText(LanguageId state) const { return impl_->TakesAnyText(state, 0); }
bool Languages::IsText(LanguageId state) const { return (impl_->node(state).text & 1) != 0; }
LanguageId Languages::Near(LanguageId state, int64_t num_bytes) { return impl_->Near(state, num_bytes); }
std::optional<std::string> Languages::Shortest(LanguageId state) { return impl_->Shortest(state); }
std::optional<int64_t> Languages::Count(LanguageId state, int64_t limit) { return impl_->Count(state, limit); }
bool Languages::over_budget() const { return impl_->over_budget(); }
int64_t Languages::num_states() const { return impl_->num_nodes(); }

}  // namespace atelier
