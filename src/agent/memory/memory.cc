#include "agent/memory/memory.h"

#include <algorithm>
#include <utility>

#include "knowledge/retrieve/embedder_profile.h"

namespace atelier {
namespace {

constexpr size_t kBatch = 64;         // texts a request: no queue is filled by one conversation
constexpr int32_t kCandidates = 200;  // of each way of searching
constexpr int kMaxTries = 16;         // to take the next places of a session that others write to

}  // namespace

Task<Result<std::vector<std::vector<float>>>> Memory::Embed(Call call, std::vector<std::string> texts,
                                                            bool are_questions) {
  std::vector<std::vector<float>> vectors(texts.size());
  if (embedder_ == nullptr || store_.options().embedder.empty()) co_return std::vector<std::vector<float>>();
  const EmbedderProfile profile = ProfileOf(store_.options().embedder);
  std::vector<size_t> wanted;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (!texts[i].empty()) wanted.push_back(i);
  }
  for (size_t first = 0; first < wanted.size(); first += kBatch) {
    const size_t last = std::min(wanted.size(), first + kBatch);
    EmbeddingRequest request;
    request.model = store_.options().embedder;
    request.truncate = true;
    for (size_t i = first; i < last; ++i) {
      const std::string& prefix = are_questions ? profile.query_prefix : profile.passage_prefix;
      request.inputs.emplace_back(TextPrompt{prefix + texts[wanted[i]]});
    }
    CO_TRY(Embeddings embeddings, co_await embedder_->Embed(call, std::move(request)));
    if (embeddings.vectors.size() != last - first) {
      co_return Error::Unavailable(store_.options().embedder, "got " + std::to_string(embeddings.vectors.size()) +
                                                                  " vectors, want " + std::to_string(last - first));
    }
    for (size_t i = first; i < last; ++i) vectors[wanted[i]] = std::move(embeddings.vectors[i - first]);
  }
  co_return vectors;
}

Task<Result<std::vector<std::string>>> Memory::Record(Call call, MemoryScope scope, std::vector<MemoryTurn> turns) {
  for (int tries = 0; tries < kMaxTries; ++tries) {
    auto place = [&] { return store_.Place(scope, turns); };
    auto placing = OnPool(pool_, place);
    CO_TRY(PlacedTurns placed, co_await placing);
    std::vector<std::string> spoken;
    for (const MemoryTurn& turn : placed.turns) spoken.push_back(SpokenText(turn));
    CO_TRY(auto turn_vectors, co_await Embed(call, std::move(spoken), false));
    CO_TRY(auto window_vectors, co_await Embed(call, placed.windows, false));
    auto put = [&] { return store_.Put(placed, std::move(turn_vectors), std::move(window_vectors)); };
    auto putting = OnPool(pool_, put);
    CO_TRY(const bool stored, co_await putting);
    if (!stored) continue;
    std::vector<std::string> ids;
    for (const MemoryTurn& turn : placed.turns) ids.push_back(turn.id);
    co_return ids;
  }
  co_return Error::Unavailable("session " + scope.session.substr(0, 64), "others write to it all the time");
}

Task<Result<std::vector<RecalledTurn>>> Memory::Recall(Call call, RecallRequest request) {
  std::vector<std::string> questions = {request.question};
  CO_TRY(auto vectors, co_await Embed(std::move(call), std::move(questions), true));
  const std::vector<float> vector = vectors.empty() ? std::vector<float>() : std::move(vectors.front());
  auto find = [&]() -> Result<std::vector<RecalledTurn>> {
    TRY(const MemoryHits hits, store_.Search(request.scope, request.question, vector, kCandidates));
    TRY(const std::vector<std::string> speakers, store_.Speakers(request.scope));
    TRY(std::vector<MemoryTurn> turns, store_.Turns(CandidatesOf(hits)));
    const QuestionCues cues = ReadQuestionCues(request.question, speakers);
    std::vector<RecalledTurn> ranked = RankTurns(cues, hits, std::move(turns), request.weights);
    if (ranked.size() > static_cast<size_t>(request.top_k)) ranked.resize(static_cast<size_t>(request.top_k));
    return ranked;
  };
  auto finding = OnPool(pool_, find);
  co_return co_await finding;
}

Task<Result<std::vector<RecalledFact>>> Memory::RecallFacts(Call call, RecallRequest request, int64_t at_ms) {
  std::vector<std::string> questions = {request.question};
  CO_TRY(auto vectors, co_await Embed(std::move(call), std::move(questions), true));
  const std::vector<float> vector = vectors.empty() ? std::vector<float>() : std::move(vectors.front());
  auto find = [&]() -> Result<std::vector<RecalledFact>> {
    TRY(const std::vector<MemoryHit> hits, store_.SearchFacts(request.scope, request.question, vector, kCandidates));
    std::vector<std::string> ids;
    for (const MemoryHit& hit : hits) ids.push_back(hit.id);
    TRY(std::vector<MemoryFact> facts, store_.Facts(ids));
    std::vector<RecalledFact> ranked = RankFacts(hits, std::move(facts), at_ms);
    if (ranked.size() > static_cast<size_t>(request.top_k)) ranked.resize(static_cast<size_t>(request.top_k));
    return ranked;
  };
  auto finding = OnPool(pool_, find);
  co_return co_await finding;
}

Task<Result<std::vector<std::string>>> Memory::PutFacts(Call call, std::vector<MemoryFact> facts,
                                                        std::optional<MemorySessionState> learnt) {
  std::vector<std::string> texts;
  for (const MemoryFact& fact : facts) texts.push_back(fact.text);
  CO_TRY(auto vectors, co_await Embed(std::move(call), std::move(texts), false));
  auto put = [&] { return store_.PutFacts(std::move(facts), std::move(vectors), std::move(learnt)); };
  auto putting = OnPool(pool_, put);
  co_return co_await putting;
}

}  // namespace atelier
