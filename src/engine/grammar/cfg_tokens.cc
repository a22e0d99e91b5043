#include "engine/grammar/cfg_tokens.h"

#include "engine/grammar/token_bits.h"

namespace atelier {

size_t CfgTokens::HashOfVisit::operator()(const Visit& visit) const {
  uint64_t hash =
      (static_cast<uint64_t>(visit.node) << 32 | static_cast<uint32_t>(visit.language)) * 0x9E3779B97F4A7C15;
  hash ^= (reinterpret_cast<uintptr_t>(visit.frame) >> 3) * 0xC2B2AE3D27D4EB4F;
  hash ^= static_cast<uint64_t>(visit.to) * 0x165667B19E3779F9;
  return hash ^ hash >> 29;
}

bool CfgTokens::Add(std::span<const CfgThread> threads, std::span<uint64_t> bits, const AddDocument& add_document) {
  const Arena::Mark mark = arena_.Now();
  places_.clear(), visited_.clear(), open_.clear();
  for (const CfgThread& thread : threads) {
    open_.push_back({TokenTrie::kRoot, thread.language, thread.to, thread.frame});
  }
  while (!open_.empty() && visited_.size() <= kMaxVisits) {
    const Visit visit = open_.back();
    open_.pop_back();
    const TokenSet& set = sets_.Of(visit.node, visit.language);
    set.AddTo(bits);
    if (!set.exits.empty()) Leave(set, After(visit.to, visit.frame), add_document);
  }
  arena_.Reset(mark);
  return open_.empty();
}

const CfgTokens::Place& CfgTokens::After(int32_t to, const CfgFrame* frame) {
  const auto [place, is_new] = places_.try_emplace({to, frame});
  if (is_new) {
    machine_->Follow(to, frame, arena_, place->second.threads);
    place->second.first = machine_->MayFollow(place->second.threads);
  }
  return place->second;
}

void CfgTokens::Leave(const TokenSet& set, const Place& place, const AddDocument& add_document) {
  for (size_t byte = 0; byte < place.first.size(); ++byte) {
    if (!place.first.test(byte)) continue;
    const auto exits = set.ExitsBy(static_cast<uint8_t>(byte));
    if (exits.empty()) continue;
    for (const CfgThread& thread : place.threads) {
      if (thread.language == CfgThread::kInJson) {
        for (const TokenSet::Exit& exit : exits) add_document(thread, exit.byte, exit.node);
        continue;
      }
      const LanguageId next = machine_->languages().Next(thread.language, static_cast<uint8_t>(byte));
      if (machine_->languages().IsNothing(next)) continue;
      for (const TokenSet::Exit& exit : exits) {
        const Visit visit{exit.node, next, thread.to, thread.frame};
        if (visited_.insert(visit).second) open_.push_back(visit);
      }
    }
  }
}

}  // namespace atelier
