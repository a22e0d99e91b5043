#include "provider/response_cache.h"

#include "provider/openai_request.h"

namespace atelier {
namespace {

int64_t BytesOf(const std::string& key, const Gathered& answer) {
  size_t bytes = 2 * key.size() + sizeof(Gathered);
  for (const GatheredChoice& choice : answer.choices) {
    bytes += sizeof choice + choice.text.size() + choice.reasoning.size() + choice.tokens.size() * sizeof(int32_t);
    for (const GatheredCall& call : choice.calls) bytes += sizeof call + call.arguments.size() + call.name.size();
    for (const TokenChoice& token : choice.logprobs) bytes += sizeof token + 64 * (1 + token.top.size());
  }
  return static_cast<int64_t>(bytes);
}

}  // namespace

std::optional<std::string> ResponseCache::KeyOf(const GenerationRequest& request) {
  // The dialect that knows every parameter writes them all.
  ProviderTraits all;
  all.dialect = Dialect::kAtelier;
  all.constrains = Constrains::kAll;
  const Result<OpenAiCall> call = OpenAiGeneration(all, request.model, request);
  if (!call.ok()) return std::nullopt;
  std::string key = call->path + call->body.Dump();
  if (request.options.grammar) key += request.options.grammar->Key();
  return key;
}

const Gathered* ResponseCache::Find(const std::string& key, Clock::TimePoint now) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  if (now >= found->second->until) {
    Drop(found->second);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return &entries_.front().answer;
}

void ResponseCache::Keep(const std::string& key, Gathered answer, Clock::TimePoint now) {
  if (const auto known = by_key_.find(key); known != by_key_.end()) Drop(known->second);
  const int64_t bytes = BytesOf(key, answer);
  if (bytes > limits_.bytes) return;
  entries_.push_front({key, std::move(answer), now + limits_.age, bytes});
  by_key_.emplace(key, entries_.begin());
  bytes_ += bytes;
  while (num_entries() > limits_.entries || bytes_ > limits_.bytes) Drop(std::prev(entries_.end()));
}

void ResponseCache::Drop(std::list<Entry>::iterator entry) {
  bytes_ -= entry->bytes;
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace atelier
