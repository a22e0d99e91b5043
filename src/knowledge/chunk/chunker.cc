#include "knowledge/chunk/chunker.h"

#include <algorithm>
#include <utility>

#include "base/text/describe_json.h"

namespace atelier {
namespace {

constexpr int64_t kDefaultTokens = 256, kDefaultCharacters = 1200, kDefaultBytes = 1200;
// Keys that every method knows.
constexpr std::string_view kCommonKeys[] = {"method", "unit", "limit", "overlap", "preface"};

Result<void> CheckKeys(const ChunkerEntry& entry, const ChunkOptions& options) {
  const Json given = WriteJson(options);
  TRY(const ChunkOptions checked, ReadJson<ChunkOptions>(given));  // the bounds of the rows
  static_cast<void>(checked);
  const Json defaults = WriteJson(ChunkOptions{});
  for (const Field& field : ChunkOptions::Describe()) {
    if (!given.Has(field.key) || given[field.key] == defaults[field.key]) continue;
    if (std::ranges::find(kCommonKeys, field.key) != std::end(kCommonKeys)) continue;
    if (std::ranges::find(entry.keys, field.key) != entry.keys.end()) continue;
    return Error::Invalid(std::string(field.key),
                          "got it with the method '" + std::string(entry.name) + "', which does not know it");
  }
  return {};
}

Result<ChunkUnit> UnitOf(const ChunkOptions& options, const ChunkTools& tools) {
  if (!options.unit) return tools.counter != nullptr ? ChunkUnit::kTokens : ChunkUnit::kCharacters;
  if (*options.unit == "characters") return ChunkUnit::kCharacters;
  if (*options.unit == "bytes") return ChunkUnit::kBytes;
  if (*options.unit != "tokens") {
    return Error::Invalid("unit", "got '" + *options.unit + "', want tokens, characters or bytes");
  }
  if (tools.counter != nullptr) return ChunkUnit::kTokens;
  return Error::Unsupported("unit", "got tokens, want characters or bytes: the tokenizer of the embedder '" +
                                        tools.embedding_model + "' is not here");
}

int64_t ShareOf(double share, int64_t of) { return static_cast<int64_t>(share * static_cast<double>(of)); }

// The largest limit that fits the embedder together with its preface.
int64_t MostTokens(double preface, int64_t max_tokens) {
  return static_cast<int64_t>(static_cast<double>(max_tokens) / (1 + preface));
}

}  // namespace

Result<const ChunkerEntry*> FindChunker(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ChunkerEntry* entry : Chunkers()) {
    if (entry->name == name) return entry;
    names.push_back(entry->name);
  }
  std::string all;
  for (const std::string_view known : names) all += (all.empty() ? "" : ", ") + std::string(known);
  const std::string_view near = Nearest(name, names);
  return Error::Invalid("method", "got '" + std::string(name) + "', want one of " + all +
                                      (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"));
}

Result<ChunkLimits> LimitsOf(const ChunkerEntry& entry, const ChunkOptions& options, const ChunkTools& tools) {
  TRY_VOID(CheckKeys(entry, options));
  ChunkLimits limits;
  TRY(limits.unit, UnitOf(options, tools));
  const bool in_tokens = limits.unit == ChunkUnit::kTokens;
  int64_t limit = in_tokens ? kDefaultTokens : limits.unit == ChunkUnit::kBytes ? kDefaultBytes : kDefaultCharacters;
  const int64_t most = tools.max_tokens > 0 ? MostTokens(options.preface, tools.max_tokens) : INT64_MAX;
  if (in_tokens) limit = std::min(limit, most);
  limits.limit = options.limit.value_or(limit);
  if (in_tokens && limits.limit > most) {
    return Error::Invalid("limit", "got " + std::to_string(limits.limit) + " tokens, want at most " +
                                       std::to_string(most) + ": '" + tools.embedding_model + "' reads " +
                                       std::to_string(tools.max_tokens) + " with what is said before the text");
  }
  limits.preface = ShareOf(options.preface, limits.limit);
  limits.overlap = options.overlap.value_or(ShareOf(entry.default_overlap, limits.limit));
  if (limits.overlap > limits.limit / 2) {
    return Error::Invalid("overlap", "got " + std::to_string(limits.overlap) + ", want at most half of the limit, " +
                                         std::to_string(limits.limit / 2));
  }
  return limits;
}

Task<Result<Chunking>> Split(Call call, const Document& document, ChunkOptions options, ChunkTools tools) {
  CO_TRY(const ChunkerEntry* entry, FindChunker(options.method));
  CO_TRY(const ChunkLimits limits, LimitsOf(*entry, options, tools));
  const ChunkInput input{document, options, tools, limits};
  if (entry->ask != nullptr) co_return co_await entry->ask(std::move(call), input);
  if (tools.pool == nullptr) co_return entry->split(input);
  auto work = [&] { return entry->split(input); };
  auto waiting = OnPool(*tools.pool, work);
  auto chunking = co_await waiting;
  co_return chunking;
}

Result<Chunking> SplitPlainly(const Document& document, const ChunkOptions& options, const ChunkTools& tools) {
  TRY(const ChunkerEntry* entry, FindChunker(options.method));
  if (entry->split == nullptr) {
    return Error::Invalid("method", "got '" + options.method + "', want one that asks no model");
  }
  TRY(const ChunkLimits limits, LimitsOf(*entry, options, tools));
  return entry->split({document, options, tools, limits});
}

}  // namespace atelier
