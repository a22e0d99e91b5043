#include "engine/constrained_choice.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

constexpr float kOut = -std::numeric_limits<float>::infinity();

bool HasBans(const GenerateRequest& request) {
  const SamplingParams& sampling = request.sampling;
  return !sampling.logit_bias.empty() || !sampling.allowed_token_ids.empty() || !sampling.bad_words.empty() ||
         request.min_tokens > 0;
}

using Ints = int32_t __attribute__((vector_size(16)));
using Floats = float __attribute__((vector_size(16)));

// Four lanes for each value of four bits, all ones where a bit is set.
constexpr auto kLanesOfBits = [] {
  std::array<std::array<int32_t, 4>, 16> rows{};
  for (size_t bits = 0; bits < 16; ++bits) {
    for (size_t lane = 0; lane < 4; ++lane) rows[bits][lane] = (bits >> lane & 1) != 0 ? -1 : 0;
  }
  return rows;
}();

// Takes out the logits whose bit in a word of the mask is not set. Without branches, so that it takes the same time
// whatever the mask: 8 us for 49,152 logits, where lists of bits took 4 to 30.
void KeepOnly(uint64_t bits, std::span<float, 64> logits) {
  const Ints out = std::bit_cast<Ints>(Floats{kOut, kOut, kOut, kOut});
  for (size_t i = 0; i < 64; i += 4, bits >>= 4) {
    Ints lanes, these;
    std::memcpy(&lanes, &kLanesOfBits[bits & 15], sizeof lanes);
    std::memcpy(&these, &logits[i], sizeof these);
    these = (these & lanes) | (out & ~lanes);
    std::memcpy(&logits[i], &these, sizeof these);
  }
}

// Takes every token out whose bit is not set.
void KeepOnly(std::span<const uint64_t> mask, std::span<float> logits) {
  const size_t num_whole = logits.size() / 64;
  for (size_t word = 0; word < num_whole; ++word) {
    if (mask[word] != ~uint64_t{0}) KeepOnly(mask[word], logits.subspan(word * 64).first<64>());
  }
  for (size_t i = num_whole * 64; i < logits.size(); ++i) {
    if ((mask[i / 64] >> (i % 64) & 1) == 0) logits[i] = kOut;
  }
}

// The likeliest token whose bit is set; -1: none is.
int32_t Likeliest(std::span<const uint64_t> mask, std::span<const float> logits) {
  int32_t best = -1;
  for (size_t word = 0; word < mask.size(); ++word) {
    for (uint64_t left = mask[word]; left != 0; left &= left - 1) {
      const size_t token = word * 64 + static_cast<size_t>(std::countr_zero(left));
      if (best < 0 || logits[token] > logits[static_cast<size_t>(best)]) best = static_cast<int32_t>(token);
    }
  }
  return best;
}

}  // namespace

ConstrainedChoice::ConstrainedChoice(const Parts& parts)
    : constraint_(parts.request->grammar->Start()),
      tokenizer_(parts.tokenizer),
      ending_ids_(parts.ending_ids),
      has_bans_(HasBans(*parts.request)),
      mask_((static_cast<size_t>(parts.num_tokens) + 63) / 64) {
  const bool wanted = parts.request->prefer_closing.value_or(parts.prefer_closing);
  if (wanted && tokenizer_ != nullptr && !ending_ids_.empty()) {
    budget_.emplace(constraint_.get(), tokenizer_, parts.max_tokens);
    if (!budget_->Fits({}, 0)) budget_.reset();  // it is too small for any output: this one is cut
  }
  LookForForced();
}

void ConstrainedChoice::LookAhead() {
  if (budget_) budget_->TookOne();
  if (num_taken_ == forced_.tokens.size()) LookForForced();
}

void ConstrainedChoice::LookForForced() {
  if (tokenizer_ == nullptr) return;
  num_taken_ = 0;
  forced_ = closing_ ? ForcedText() : FindForcedText(*constraint_, *tokenizer_);
  if (!budget_ || closing_ || forced_.tokens.empty()) return;
  std::string text;
  for (const int32_t token : forced_.tokens) text += constraint_->Piece(token);
  if (budget_->Fits(text, static_cast<int64_t>(forced_.tokens.size()))) return;
  closing_ = true;
  forced_ = {.tokens = budget_->WayToEnd()};
}

int32_t ConstrainedChoice::BeginClosing(std::span<const float> logits) {
  closing_ = true;
  num_taken_ = 0;
  forced_ = {.tokens = budget_->WayToEnd()};
  if (const auto first = TakeForced()) return *first;
  can_end_ = only_end_ = true;
  const auto likelier = [&](int32_t a, int32_t b) {
    return logits[static_cast<size_t>(a)] < logits[static_cast<size_t>(b)];
  };
  return *std::ranges::max_element(ending_ids_, likelier);
}

bool ConstrainedChoice::Accept(int32_t token) {
  if (!constraint_->Accept(token)) return false;
  goes_on_ = std::ranges::binary_search(ending_ids_, token) && constraint_->Piece(token).starts_with(kControlBegin) &&
             !constraint_->CanEnd();
  LookAhead();
  return true;
}

std::optional<int32_t> ConstrainedChoice::TakeForced() {
  if (num_taken_ == forced_.tokens.size()) return std::nullopt;
  const int32_t token = forced_.tokens[num_taken_++];
  CHECK(Accept(token));
  return token;
}

void ConstrainedChoice::MakeMask() {
  if (!needs_mask()) return;
  if (closing_) {
    std::ranges::fill(mask_, 0);
  } else {
    constraint_->Mask(mask_);
  }
  if (forced_.only >= 0) constraint_->LeaveOut(forced_.text, forced_.only, mask_);
  only_end_ = std::ranges::all_of(mask_, [](uint64_t word) { return word == 0; });
  can_end_ = constraint_->CanEnd();
  for (const int32_t id : ending_ids_) {
    if (can_end_) mask_[static_cast<size_t>(id) / 64] |= uint64_t{1} << (id % 64);
  }
  mask_made_ = true;
}

bool ConstrainedChoice::Ends(int32_t token) const { return can_end_ && std::ranges::binary_search(ending_ids_, token); }

int32_t ConstrainedChoice::Pick(Sampler& sampler, std::span<float> logits, std::span<const int32_t> tokens) {
  if (const auto forced = TakeForced()) return *forced;
  goes_on_ = false;
  MakeMask();
  mask_made_ = false;
  KeepOnly(mask_, logits);
  const int32_t best = has_bans_ ? Likeliest(mask_, logits) : -1;
  int32_t token = sampler.Pick(logits, tokens);
  if (budget_ && !closing_ && !Ends(token) && !budget_->Fits(constraint_->Piece(token), 1)) {
    token = BeginClosing(logits);
    ended_ = only_end_;
    return token;
  }
  if (!Ends(token) && !Accept(token)) {
    token = std::max(has_bans_ ? best : Likeliest(mask_, logits), 0);
    // Grammars promise never to come here. Should one, the choice ends as one that was cut: what it is so far is valid
    // as a beginning, and no other request pays for it.
    stuck_ = !Ends(token) && !Accept(token);
  }
  ended_ = only_end_;
  return token;
}

}  // namespace atelier
